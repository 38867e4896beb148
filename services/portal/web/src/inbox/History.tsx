import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { Actor } from "../deployments/Actor";
import { human } from "../display/names";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import { useNameOf } from "./colleagues";
import classes from "./History.module.css";
import { TASKS, type TaskView } from "./queries";

const MINUTE = 60_000;
/** Acts whose target is whom it went to. */
const GIVEN = new Set(["delegated", "reassigned"]);

/** What was done with the task and said to it, the oldest first, and one's own words to it. */
export function History({ task }: { task: TaskView }) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  const nameOf = useNameOf();
  const named = (actor: string | null) =>
    actor?.startsWith("account:") ? nameOf(actor.slice("account:".length)) : null;
  return (
    <section className={classes.history} aria-label={texts.taskHistory}>
      <h2 className={classes.title}>{texts.taskHistory}</h2>
      <ol className={classes.lines}>
        {task.history.map(one => (
          <li key={one.number} className={classes.line}>
            <span className={classes.what}>
              {texts.taskDone[one.action] ?? human(one.action)}
              {one.by !== "engine" && (
                <span className={classes.quiet}>
                  {" "}
                  {named(one.by) ? <bdi>{named(one.by)}</bdi> : <Actor actor={one.by} />}
                </span>
              )}
              {one.target && GIVEN.has(one.action) && (
                <span className={classes.quiet}>
                  {" → "}
                  <bdi>{named(one.target) ?? one.target.replace("role:", "")}</bdi>
                </span>
              )}
              {one.on_behalf_of && <span className={classes.quiet}> {texts.onBehalf}</span>}
            </span>
            <time className={classes.quiet} dateTime={one.at} title={absolute(language, one.at)}>
              {relative(language, one.at, now, texts.justNow)}
            </time>
            {one.words && (
              <p className={classes.words} dir="auto">
                {one.words}
              </p>
            )}
          </li>
        ))}
      </ol>
      {task.closed_at === null && <Comment task={task} />}
    </section>
  );
}

function Comment({ task }: { task: TaskView }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [words, setWords] = useState("");
  const saying = useMutation({
    mutationFn: () =>
      body(
        api.POST("/v1/tasks/{task}/act", {
          params: { path: { task: task.id } },
          body: { action: "comment", version: task.version, words: words.trim() },
        }),
      ),
    onSuccess: () => setWords(""),
    onSettled: () => queries.invalidateQueries({ queryKey: TASKS }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (words.trim()) saying.mutate();
  };
  return (
    <form className={classes.comment} onSubmit={submit}>
      <Textarea
        aria-label={texts.comment}
        placeholder={texts.comment}
        value={words}
        onChange={event => setWords(event.currentTarget.value)}
        maxLength={2000}
        autosize
        minRows={1}
        maxRows={6}
      />
      <Button type="submit" variant="default" size="xs" loading={saying.isPending} disabled={!words.trim()}>
        {texts.say}
      </Button>
      {saying.error && <Refusal>{generalWords(texts, saying.error) ?? texts.taskChanged}</Refusal>}
    </form>
  );
}
