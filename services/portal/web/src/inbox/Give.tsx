import { Button, NativeSelect, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { Dialog, DialogActs } from "../pages/Dialog";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { useTexts } from "../texts/texts";
import { choicesFor, rolesOf } from "./colleagues";
import classes from "./DecideMany.module.css";
import { colleaguesQuery, TASKS, type TaskView } from "./queries";
import { actWords } from "./words";

export type Giving = "delegate" | "reassign";

interface Props {
  task: TaskView;
  giving: Giving;
  me: string;
  close: () => void;
}

/** Gives a task to a colleague, or moves it to another role's queue; with a word to whoever gets it. */
export function Give({ task, giving, me, close }: Props) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { data: people, error } = useQuery(colleaguesQuery);
  const [to, setTo] = useState("");
  const [words, setWords] = useState("");
  const acting = useMutation({
    mutationFn: () =>
      body(
        api.POST("/v1/tasks/{task}/act", {
          params: { path: { task: task.id } },
          body: {
            action: giving,
            version: task.version,
            to: giving === "delegate" ? `account:${to}` : `role:${to}`,
            ...(words.trim() ? { words: words.trim() } : {}),
          },
        }),
      ),
    onSuccess: close,
    onSettled: () => queries.invalidateQueries({ queryKey: TASKS }),
  });
  const choices =
    giving === "reassign"
      ? rolesOf(people ?? [])
          .filter(one => one !== task.role)
          .map(value => ({ value, label: value }))
      : choicesFor(people ?? [], task.role, [me, task.assignee], texts);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (to) acting.mutate();
  };
  const wrong = acting.error ?? error;
  return (
    <Dialog open close={close} title={texts.giving[giving].title}>
      <form onSubmit={submit} className={classes.ask}>
        <p>{texts.giving[giving].body}</p>
        {!people && !error ? (
          <LinesSkeleton lines={1} />
        ) : choices.length === 0 ? (
          <p>{texts.giving[giving].nobody}</p>
        ) : (
          <NativeSelect
            label={texts.giving[giving].to}
            value={to}
            data={[{ value: "", label: texts.choose }, ...choices]}
            onChange={event => setTo(event.currentTarget.value)}
            data-autofocus
          />
        )}
        <Textarea
          label={texts.givingWords}
          value={words}
          onChange={event => setWords(event.currentTarget.value)}
          maxLength={2000}
          autosize
          minRows={2}
          maxRows={6}
        />
        {wrong && <Refusal>{actWords(texts, wrong)}</Refusal>}
        <DialogActs>
          <Button variant="default" onClick={close}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={acting.isPending} disabled={!to}>
            {texts.giving[giving].act}
          </Button>
        </DialogActs>
      </form>
    </Dialog>
  );
}
