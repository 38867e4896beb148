import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { NoteWorkaround } from "../byhand/NoteWorkaround";
import { useNow } from "../display/now";
import { Guide } from "../library/Guide";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { PageHead } from "../pages/PageHead";
import { useTexts } from "../texts/texts";
import { ActDialog, type Wish } from "./ActDialog";
import { EditRetry } from "./EditRetry";
import classes from "./ExceptionPage.module.css";
import { calledOf } from "./ExceptionTable";
import { Facts } from "./Facts";
import { History } from "./History";
import { ACTS, type Detail, exceptionQuery } from "./queries";

const MINUTE = 60_000;

/** One thing that stands still: what is wrong, what is at stake, what is tried first and what can be done with it. */
export function ExceptionPage() {
  const { texts } = useTexts();
  const { exception: id } = useParams({ from: "/inside/exceptions/$exception" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: one, error, refetch } = useQuery(exceptionQuery(id));
  const now = useNow(MINUTE);
  const [wish, setWish] = useState<Wish | null>(null);
  const title = one ? (calledOf(one) ?? texts.exceptionCategories[one.category]) : texts.exceptions;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !one) return <Failure error={error} reset={() => void refetch()} />;
  if (!one) return <LinesSkeleton lines={6} />;
  const may = session.permissions.includes("runs:write");
  return (
    <>
      <Head one={one} title={title} />
      <div className={classes.body}>
        <div className={classes.main}>
          <section aria-label={texts.exceptionCause} className={classes.part}>
            <h2 className={classes.heading}>{texts.exceptionCause}</h2>
            {one.kind_title && (
              <p className={classes.kind} dir="auto">
                {one.kind_title}
              </p>
            )}
            <p className={classes.cause} dir="auto">
              {one.title ?? texts.exceptionCategories[one.category]}
            </p>
            {one.note && (
              <p className={classes.note} dir="auto">
                <span className={classes.quiet}>{texts.exceptionNote}: </span>
                {one.note}
              </p>
            )}
          </section>
          {one.state === "open" && (
            <section aria-label={texts.exceptionNextTitle} className={classes.part}>
              <h2 className={classes.heading}>{texts.exceptionNextTitle}</h2>
              <p className={classes.next}>
                {one.entry ? texts.exceptionNextOfEntry : texts.exceptionNext[one.category]}
              </p>
              {may && (
                <div className={classes.acts}>
                  {ACTS.filter(act => one.actions.includes(act)).map((act, at) => (
                    <Button
                      key={act}
                      variant={at === 0 ? "filled" : "default"}
                      size="xs"
                      onClick={() => setWish({ action: act, filter: { ids: [one.id] } })}
                    >
                      {texts.exceptionActs[act].act}
                    </Button>
                  ))}
                  {one.category === "failed" && one.run && <EditRetry run={one.run} />}
                </div>
              )}
            </section>
          )}
          <NoteWorkaround
            step={one.stage ?? one.kind ?? one.category}
            about={one.business_key ? { kind: "run", key: one.business_key } : null}
          />
          {one.runbook && (
            <section aria-label={texts.exceptionRunbook} className={classes.part}>
              <h2 className={classes.heading}>{texts.exceptionRunbook}</h2>
              <Guide text={one.runbook} />
            </section>
          )}
          <History one={one} now={now} />
        </div>
        <Facts one={one} now={now} />
      </div>
      <ActDialog wish={wish} me={session.account.id} close={() => setWish(null)} />
    </>
  );
}

function Head({ one, title }: { one: Detail; title: string }) {
  const { texts } = useTexts();
  return (
    <PageHead
      from={
        <Link to="/exceptions" className="quiet-link">
          {texts.exceptions}
        </Link>
      }
      title={title}
      mark={
        <span className={classes.mark} data-state={one.state}>
          {one.state === "open" ? texts.exceptionCategories[one.category] : texts.exceptionStates[one.state]}
        </span>
      }
    />
  );
}
