import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Problem } from "../api/client";
import { brandQuery } from "../api/queries";
import { human } from "../display/names";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./AnswerPage.module.css";
import { Ask } from "./Ask";
import { type LinkedTask, linkedQuery, takeToken } from "./link";
import { Sheet } from "./Sheet";

/** What a mailed link opens, outside of the signed-in pages. Looking changes nothing; only a button decides. */
export function AnswerPage() {
  const { texts, choose } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const [token] = useState(() => takeToken("/answer"));
  const { data, error } = useQuery(linkedQuery(token));
  const language = data?.language;
  useEffect(() => {
    // Who is asked outside is spoken to as whoever asks knows them; another choice is theirs.
    if (language === "en" || language === "es") choose(language);
  }, [language, choose]);
  const title = data?.asked?.title ?? (data?.asked ? human(data.asked.kind) : texts.answer);
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  const is404 = error instanceof Problem && error.status === 404;
  return (
    <Sheet title={title} facts={data && <Whose linked={data} />}>
      {!token ? (
        <Refusal>{texts.answerNone}</Refusal>
      ) : error ? (
        <Refusal>{is404 ? texts.answerOver : (generalWords(texts, error) ?? error.message)}</Refusal>
      ) : data ? (
        <Linked token={token} linked={data} />
      ) : (
        <LinesSkeleton lines={6} />
      )}
      {(!token || is404) && <SignIn to="/inbox" />}
    </Sheet>
  );
}

function Whose({ linked }: { linked: LinkedTask }) {
  const { texts } = useTexts();
  return (
    <>
      {linked.client && (
        <span>{linked.environment ? texts.answerAt(linked.client, linked.environment) : linked.client}</span>
      )}
      <span>{texts.answerFor(linked.holder)}</span>
    </>
  );
}

function Linked({ token, linked }: { token: string; linked: LinkedTask }) {
  const { texts } = useTexts();
  if (linked.state === "decided") {
    return (
      <p className={classes.done} role="status">
        {linked.outcome ? texts.answerDone(human(linked.outcome)) : texts.answerOver}
      </p>
    );
  }
  const { refusal } = linked;
  return (
    <>
      {refusal && (
        <>
          <Refusal>
            {texts.answerRefused[refusal.reason] ??
              (refusal.reason === "no-authority"
                ? texts.noAuthority(refusal.detail)
                : texts.refusalWords(refusal.detail))}
          </Refusal>
          <SignIn to={`/inbox/${linked.task}`} />
        </>
      )}
      {linked.asked && (
        <Ask
          token={token}
          asked={linked.asked}
          mayDecide={refusal === null}
          documents={linked.documents ?? null}
        />
      )}
    </>
  );
}

function SignIn({ to }: { to: string }) {
  const { texts } = useTexts();
  return (
    <p>
      <a className={classes.signIn} href={`/sign-in?to=${encodeURIComponent(to)}`}>
        {texts.answerSignIn}
      </a>
    </p>
  );
}
