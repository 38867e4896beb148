import { Button } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body } from "../api/client";
import { sessionQuery } from "../api/queries";
import { useKeys } from "../frame/keys";
import { Refusal } from "../session/Refusal";
import { useTexts } from "../texts/texts";
import { Give, type Giving } from "./Give";
import { TASKS, type TaskView } from "./queries";
import classes from "./TaskActs.module.css";
import { actWords } from "./words";

/** Taking a task in hand, giving it back, to a colleague, or to another role. */
export function TaskActs({ task }: { task: TaskView }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [giving, setGiving] = useState<Giving | null>(null);
  const acting = useMutation({
    mutationFn: (action: "claim" | "release") =>
      body(
        api.POST("/v1/tasks/{task}/act", {
          params: { path: { task: task.id } },
          body: { action, version: task.version },
        }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: TASKS }),
  });
  const may = whatMay(task, session.permissions.includes("tasks:manage"));
  useKeys({
    ...(may.claim ? { t: () => acting.mutate("claim") } : {}),
    ...(may.release ? { b: () => acting.mutate("release") } : {}),
    ...(may.delegate ? { g: () => setGiving("delegate") } : {}),
    ...(may.reassign ? { m: () => setGiving("reassign") } : {}),
  });
  if (task.closed_at !== null) return null;
  return (
    <div className={classes.acts}>
      {may.claim && (
        <Button
          variant="default"
          size="xs"
          title="t"
          loading={acting.isPending}
          onClick={() => acting.mutate("claim")}
        >
          {texts.claim}
        </Button>
      )}
      {may.release && (
        <Button
          variant="default"
          size="xs"
          title="b"
          loading={acting.isPending}
          onClick={() => acting.mutate("release")}
        >
          {task.assignee === session.account.id ? texts.release : texts.releaseOfOther}
        </Button>
      )}
      {may.delegate && (
        <Button variant="default" size="xs" title="g" onClick={() => setGiving("delegate")}>
          {texts.giving.delegate.act}
        </Button>
      )}
      {may.reassign && (
        <Button variant="default" size="xs" title="m" onClick={() => setGiving("reassign")}>
          {texts.giving.reassign.act}
        </Button>
      )}
      {acting.error && <Refusal>{actWords(texts, acting.error)}</Refusal>}
      {giving && <Give task={task} giving={giving} me={session.account.id} close={() => setGiving(null)} />}
    </div>
  );
}

const TAKEN: readonly TaskView["state"][] = ["created", "offered", "delegated"];

/** What the server takes of who may decide it or gives work out, in its state (ADR 0097). */
export function whatMay(task: Pick<TaskView, "closed_at" | "role" | "state" | "yours">, manages: boolean) {
  // What is asked of somebody outside has no queue, and is nobody's to give.
  const isInside = task.closed_at === null && task.role !== "";
  const isHeld = task.state === "claimed" || task.state === "delegated";
  const may = isInside && (task.yours || manages);
  return {
    claim: isInside && task.yours && TAKEN.includes(task.state),
    release: may && isHeld,
    delegate: may,
    reassign: isInside && manages,
  };
}
