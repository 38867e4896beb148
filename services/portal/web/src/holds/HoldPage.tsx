import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery } from "../api/queries";
import { useNow } from "../display/now";
import classes from "../exceptions/ExceptionPage.module.css";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { PageHead } from "../pages/PageHead";
import { useTexts } from "../texts/texts";
import { Decide } from "./Decide";
import { Facts } from "./Facts";
import { History } from "./History";
import { subjectOf } from "./HoldTable";
import { Others } from "./Others";
import { type Hold, holdQuery } from "./queries";
import { reasonWords, useTypeName } from "./words";

const MINUTE = 60_000;

/** One hold: why, what is at risk, who may let the order go, and what else keeps it. */
export function HoldPage() {
  const { texts } = useTexts();
  const { hold: id } = useParams({ from: "/inside/holds/$hold" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: one, error, refetch } = useQuery(holdQuery(id));
  const typeOf = useTypeName();
  const now = useNow(MINUTE);
  const title = one ? texts.holdNamed(typeOf(one.type), subjectOf(one)) : texts.holdsTitle;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !one) return <Failure error={error} reset={() => void refetch()} />;
  if (!one) return <LinesSkeleton lines={6} />;
  return (
    <>
      <Head one={one} title={title} />
      <div className={classes.body}>
        <div className={classes.main}>
          <section aria-label={texts.whyHeld} className={classes.part}>
            <h2 className={classes.heading}>{texts.whyHeld}</h2>
            <p className={classes.kind}>{reasonWords(texts, one.reason)}</p>
            {one.words && (
              <p className={classes.cause} dir="auto">
                {one.words}
              </p>
            )}
            {one.after_release && <p className={classes.note}>{texts.heldAfterRelease}</p>}
          </section>
          <Decide one={one} />
          {one.order && <Others order={one.order} customer={one.customer} but={one.id} />}
          <History one={one} now={now} />
        </div>
        <Facts one={one} now={now} />
      </div>
    </>
  );
}

/** The look of a mark by what became of the hold, as an exception's has it. */
const LOOKS = { active: "open", cleared: "resolved", overridden: "discarded" } as const;

function Head({ one, title }: { one: Hold; title: string }) {
  const { texts } = useTexts();
  return (
    <PageHead
      from={
        <Link to="/holds" className="quiet-link">
          {texts.holdsTitle}
        </Link>
      }
      title={title}
      mark={
        <span className={classes.mark} data-state={LOOKS[one.status]}>
          {texts.holdMarks[one.status]}
        </span>
      }
    />
  );
}
