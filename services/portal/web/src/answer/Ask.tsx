import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { activeSeconds } from "../api/attention";
import { api, body, Problem } from "../api/client";
import { money } from "../display/money";
import { human } from "../display/names";
import { useNow } from "../display/now";
import { Form } from "../form/Form";
import type { FormView, Wrong } from "../form/view";
import { Due } from "../inbox/Due";
import { Payload } from "../run/Payload";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./AnswerPage.module.css";
import { Documents } from "./Documents";
import { byLink, type LinkedAsk, type LinkedTask } from "./link";

const MINUTE = 60_000;
const LONGEST = 2000;
const VALUES = "/values";

interface Props {
  token: string;
  asked: LinkedAsk;
  mayDecide: boolean;
  /** What came by the link; null: it takes no documents. */
  documents: LinkedTask["documents"];
}

/** What is asked, what it stands on, and the ways to end it. */
export function Ask({ token, asked, mayDecide, documents }: Props) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  const parts = [
    [texts.taskShown, asked.shown],
    [texts.taskFacts, asked.decision ? asked.facts : null],
  ] as const;
  return (
    <>
      <p className={classes.whose}>
        <Due due={asked.due} now={now} />
        {asked.value && <span className="numbers">{texts.atStake(money(language, asked.value))}</span>}
      </p>
      {asked.instructions && (
        <p className={classes.instructions} dir="auto">
          {asked.instructions}
        </p>
      )}
      {parts.map(
        ([name, value]) =>
          hasMembers(value) && (
            <section key={name} aria-label={name} className={classes.part}>
              <h2 className={classes.subtitle}>{name}</h2>
              <Payload value={value} />
            </section>
          ),
      )}
      {mayDecide && documents && <Documents token={token} before={documents} />}
      {mayDecide && <Decision token={token} asked={asked} outside={documents !== null} />}
    </>
  );
}

function Decision({ token, asked, outside }: { token: string; asked: LinkedAsk; outside: boolean }) {
  const { texts } = useTexts();
  const [why, setWhy] = useState("");
  const deciding = useMutation({
    mutationFn: ({ outcome, values }: { outcome: string; values: Record<string, unknown> }) =>
      body(
        api.POST("/portal/link/decide", {
          ...byLink(token),
          body: {
            outcome,
            values,
            version: asked.version,
            saw: asked.saw,
            seconds: activeSeconds(),
            ...(why.trim() ? { why: why.trim() } : {}),
          },
        }),
      ),
  });
  if (deciding.data) {
    const { outcome, complete } = deciding.data;
    const word = human(outcome);
    return (
      <div className={classes.done} role="status">
        <p className={classes.outcome}>
          {outside ? texts.answerSent(word) : complete ? texts.answerDone(word) : texts.answerAgreed(word)}
        </p>
        <p>{outside ? texts.answerSentBody : complete ? texts.answerDoneBody : texts.answerAgreedBody}</p>
      </div>
    );
  }
  const busy = deciding.isPending ? deciding.variables.outcome : null;
  const acts = asked.outcomes.map(outcome => ({ outcome, label: human(outcome) }));
  const refused = wrongOf(deciding.error);
  const title = outside ? texts.yourAnswer : texts.yourDecision;
  return (
    <section className={classes.decision} aria-label={title}>
      <h2 className={classes.subtitle}>{title}</h2>
      {asked.given > 0 && <p>{texts.decidedBefore(asked.given)}</p>}
      <Textarea
        label={outside ? texts.answerRemark : texts.whySo}
        description={outside ? texts.answerRemarkHint : texts.whySoHint}
        value={why}
        onChange={event => setWhy(event.currentTarget.value)}
        maxLength={LONGEST}
        autosize
        minRows={2}
        maxRows={8}
      />
      {deciding.error && refused.length === 0 && <Refusal>{words(texts, deciding.error)}</Refusal>}
      {typeof asked.form === "string" ? (
        <p>{texts.formElsewhere}</p>
      ) : asked.form ? (
        <Form
          view={asked.form as FormView}
          acts={acts}
          refused={refused}
          busy={busy}
          onAnswer={(outcome, values) => deciding.mutate({ outcome, values })}
        />
      ) : (
        <div className={classes.acts}>
          {acts.map(({ outcome, label }, place) => (
            <Button
              key={outcome}
              size="md"
              {...(place === 0 ? {} : { variant: "default" })}
              loading={busy === outcome}
              disabled={busy !== null && busy !== outcome}
              onClick={() => deciding.mutate({ outcome, values: {} })}
            >
              {label}
            </Button>
          ))}
        </div>
      )}
      <p className={classes.hint}>{outside ? texts.answerLookedOutside : texts.answerLooked}</p>
    </section>
  );
}

const NONE: readonly Wrong[] = [];

/** What the server found wrong with the form. */
function wrongOf(error: Error | null): readonly Wrong[] {
  if (!isAbout(error, "answer-refused") || !(error instanceof Problem)) return NONE;
  return error.errors.map(one => ({ ...one, pointer: one.pointer.slice(VALUES.length) }));
}

function words(texts: Texts, error: Error): string {
  if (isAbout(error, "task-changed")) return texts.taskChanged;
  if (isAbout(error, "no-authority")) return texts.noAuthority(error.message);
  for (const [name, said] of Object.entries(texts.answerRefused)) if (isAbout(error, name)) return said;
  if (error instanceof Problem && error.status === 404) return texts.answerOver;
  return generalWords(texts, error) ?? error.message;
}

const hasMembers = (value: unknown): boolean =>
  value !== null && typeof value === "object" && Object.keys(value).length > 0;
