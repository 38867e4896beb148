import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { activeSeconds } from "../api/attention";
import { api, body, Problem } from "../api/client";
import { human } from "../display/names";
import { Form } from "../form/Form";
import type { FormView, Wrong } from "../form/view";
import { useKeys } from "../frame/keys";
import { Payload } from "../run/Payload";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./Decide.module.css";
import { found, type Read, TASKS } from "./queries";

const LONGEST = 2000;
const NONE: readonly Wrong[] = [];
/** Where the form's values stand in what is sent. */
const VALUES = "/values";

interface Answer {
  outcome: string;
  values: Record<string, unknown>;
}

/** What the server found wrong with the form. */
function wrongOf(error: Error): readonly Wrong[] {
  if (!isAbout(error, "answer-refused") || !(error instanceof Problem)) return NONE;
  return error.errors.map(one => ({ ...one, pointer: one.pointer.slice(VALUES.length) }));
}

/** The ways in which a task can end, each with its word; what was decided, where it has. */
export function Decide({ read, next }: { read: Read; next: () => void }) {
  const { task, etag } = read;
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [why, setWhy] = useState("");
  const deciding = useMutation({
    mutationFn: ({ outcome, values }: Answer) =>
      body(
        api.POST("/v1/tasks/{task}/complete", {
          params: { path: { task: task.id } },
          headers: { "if-match": etag },
          body: {
            outcome,
            values,
            saw: task.saw,
            seconds: activeSeconds(),
            ...(why.trim() ? { why: why.trim() } : {}),
          },
        }),
      ),
    onSuccess: done => {
      if (done.closed_at !== null) next();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: TASKS }),
  });
  useKeys(outcomeKeys(task));
  if (task.closed_at !== null) return <Ended read={read} />;
  if (!task.yours)
    return <p className={classes.only}>{task.role ? texts.notYours(task.role) : texts.outsideOnly}</p>;
  const given = task.decisions.filter(one => one.counts).length;
  const busy = deciding.isPending ? deciding.variables.outcome : null;
  const acts = task.outcomes.map(outcome => ({ outcome, label: human(outcome) }));
  const refused = deciding.error ? wrongOf(deciding.error) : NONE;
  return (
    <section className={classes.form} aria-label={texts.yourDecision} data-decision>
      <h2 className={classes.title}>{texts.yourDecision}</h2>
      {given > 0 && <p className={classes.only}>{texts.decidedBefore(given)}</p>}
      <Textarea
        label={texts.whySo}
        description={texts.whySoHint}
        value={why}
        onChange={event => setWhy(event.currentTarget.value)}
        maxLength={LONGEST}
        autosize
        minRows={2}
        maxRows={8}
      />
      {deciding.error && refused.length === 0 && <Refusal>{words(texts, deciding.error)}</Refusal>}
      {typeof task.form === "string" ? (
        <p className={classes.only}>{texts.formElsewhere}</p>
      ) : task.form ? (
        <Form
          view={task.form as FormView}
          acts={acts}
          refused={refused}
          busy={busy}
          search={(lookUp, text, field) => found(task.id, lookUp, text, field)}
          onAnswer={(outcome, values) => deciding.mutate({ outcome, values })}
        />
      ) : (
        <div className={classes.acts}>
          {acts.map(({ outcome, label }, place) => (
            <Button
              key={outcome}
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
    </section>
  );
}

/** A figure leads to the button of the outcome in that place; only pressing that decides. */
function outcomeKeys(task: Read["task"]): Record<string, () => void> {
  if (task.closed_at !== null || !task.yours) return {};
  const lead = (outcome: string) => () =>
    [...document.querySelectorAll<HTMLElement>("[data-decision] button")]
      .find(one => one.textContent === human(outcome))
      ?.focus();
  return Object.fromEntries(task.outcomes.slice(0, 9).map((one, at) => [String(at + 1), lead(one)]));
}

function Ended({ read: { task } }: { read: Read }) {
  const { texts } = useTexts();
  return (
    <div className={classes.ended}>
      <p>
        {task.outcome
          ? texts.endedWith(human(task.outcome))
          : texts.endedWithout[task.state === "expired" ? "expired" : "cancelled"]}
      </p>
      {task.reason && (
        <blockquote className={classes.said} dir="auto">
          {task.reason}
        </blockquote>
      )}
      {hasMembers(task.answer) && <Payload value={task.answer} />}
    </div>
  );
}

const hasMembers = (value: unknown): boolean =>
  value !== null && typeof value === "object" && Object.keys(value).length > 0;

function words(texts: Texts, error: Error): string {
  if (isAbout(error, "task-changed") || (error instanceof Problem && error.status === 412))
    return texts.taskChanged;
  if (isAbout(error, "task-taken")) return texts.taskTaken;
  if (isAbout(error, "task-over")) return texts.taskOver;
  if (isAbout(error, "no-authority")) return texts.noAuthority(error.message);
  if (isAbout(error, "authority-unknown")) return texts.authorityUnknown;
  return generalWords(texts, error) ?? texts.failedPlain;
}
