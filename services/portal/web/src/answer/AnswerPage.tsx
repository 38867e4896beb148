import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { Problem } from "../api/client";
import { brandQuery } from "../api/queries";
import { human } from "../display/names";
import { BrandMark } from "../frame/BrandMark";
import { LanguageChoice } from "../frame/LanguageChoice";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./AnswerPage.module.css";
import { Ask } from "./Ask";
import { type LinkedTask, linkedQuery, takeToken } from "./link";

/** What a mailed link opens, outside of the signed-in pages. Looking changes nothing; only a button decides. */
export function AnswerPage() {
  const { texts, choose } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const [token] = useState(takeToken);
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
    <Sheet title={title} linked={data}>
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
              (refusal.reason === "no-authority" ? texts.noAuthority(refusal.detail) : refusal.detail)}
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

/** The partner's sheet around it: mark, whose it is, whom to ask. */
function Sheet({
  title,
  linked,
  children,
}: {
  title: string;
  linked: LinkedTask | undefined;
  children: ReactNode;
}) {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  return (
    <div className={classes.page}>
      <main className={classes.sheet}>
        <div className={classes.head}>
          <div className={classes.brand}>
            <BrandMark brand={brand} size={32} named />
          </div>
          <LanguageChoice />
        </div>
        <h1 className={classes.title} dir="auto">
          {title}
        </h1>
        {linked && (
          <p className={classes.whose}>
            {linked.client && (
              <span>
                {linked.environment ? texts.answerAt(linked.client, linked.environment) : linked.client}
              </span>
            )}
            <span>{texts.answerFor(linked.holder)}</span>
          </p>
        )}
        {children}
        {brand.support_email && (
          <p className={classes.help}>
            {texts.needHelp} <a href={`mailto:${brand.support_email}`}>{brand.support_email}</a>
          </p>
        )}
      </main>
    </div>
  );
}
