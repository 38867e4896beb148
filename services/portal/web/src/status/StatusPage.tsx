import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { byLink, takeToken } from "../answer/link";
import { Sheet } from "../answer/Sheet";
import { api, body, Problem, type Schemas } from "../api/client";
import { brandQuery } from "../api/queries";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { CompletedIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { happened, promised } from "./days";
import classes from "./StatusPage.module.css";
import { promise, type Step, standing } from "./way";

type Status = Schemas["LinkedStatus"];

const statusQuery = (token: string) => ({
  queryKey: ["status", token],
  queryFn: () => body(api.GET("/portal/status", byLink(token))),
  retry: false,
  enabled: token !== "",
});

/** How an order stands, for its customer: who has the link of a notice sees that one thing, and changes nothing. */
export function StatusPage() {
  const { texts, choose } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const [token] = useState(() => takeToken("/status"));
  const { data, error } = useQuery(statusQuery(token));
  const language = data?.language?.slice(0, 2);
  useEffect(() => {
    // They are spoken to as they were written to; another choice is theirs.
    if (language === "en" || language === "es") choose(language);
  }, [language, choose]);
  const title = data ? (texts.statusOf[data.kind] ?? texts.statusOfAny)(data.key) : texts.status;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  return (
    <Sheet title={title} facts={data?.client && <span>{data.client}</span>}>
      {!token ? (
        <Refusal>{texts.answerNone}</Refusal>
      ) : error && !data ? (
        <Refusal>
          {error instanceof Problem && error.status === 404
            ? texts.statusOver
            : (generalWords(texts, error) ?? texts.failedPlain)}
        </Refusal>
      ) : data ? (
        <Told status={data} />
      ) : (
        <LinesSkeleton lines={6} />
      )}
    </Sheet>
  );
}

function Told({ status }: { status: Status }) {
  const { texts, language } = useTexts();
  const at = standing(status.steps);
  const day = promise(status.steps);
  return (
    <>
      {at && (
        <p className={classes.now} data-what={at.what} role="status">
          <CompletedIcon />
          {texts.statusSteps[at.what]}
        </p>
      )}
      {day?.now && (
        <p className={classes.promise}>
          {texts.promisedNow(promised(language, day.now))}
          {day.was && <span className={classes.quiet}>{texts.promisedWas(promised(language, day.was))}</span>}
        </p>
      )}
      {status.steps.length === 0 ? (
        <p className={classes.quiet}>{texts.statusNothing}</p>
      ) : (
        <section className={classes.way} aria-label={texts.statusWay}>
          <h2 className={classes.subtitle}>{texts.statusWay}</h2>
          <ol className={classes.steps}>
            {status.steps.toReversed().map((one, place) => (
              // They never change, and two may be alike.
              // biome-ignore lint/suspicious/noArrayIndexKey: nothing has another key
              <Line key={place} step={one} />
            ))}
          </ol>
        </section>
      )}
      <p className={classes.quiet}>{texts.statusAsOf(happened(language, status.as_of))}</p>
    </>
  );
}

function Line({ step }: { step: Step }) {
  const { texts, language } = useTexts();
  return (
    <li className={classes.step}>
      <span className={classes.what}>{texts.statusSteps[step.what]}</span>
      <time className={classes.quiet} dateTime={step.at}>
        {happened(language, step.at)}
      </time>
      {step.now && (
        <span className={classes.quiet}>
          {texts.promisedNow(promised(language, step.now))}
          {step.was && `. ${texts.promisedWas(promised(language, step.was))}`}
        </span>
      )}
    </li>
  );
}
