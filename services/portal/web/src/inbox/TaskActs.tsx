import { Button } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import { sessionQuery } from "../api/queries";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import { TASKS, type TaskView } from "./queries";
import classes from "./TaskActs.module.css";

/** Taking a task in hand, and giving it back. */
export function TaskActs({ task }: { task: TaskView }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
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
  if (task.closed_at !== null) return null;
  const isMine = task.assignee === session.account.id;
  const mayClaim = task.yours && task.state === "offered";
  const mayRelease = isMine && (task.state === "claimed" || task.state === "delegated");
  return (
    <div className={classes.acts}>
      {mayClaim && (
        <Button variant="default" size="xs" loading={acting.isPending} onClick={() => acting.mutate("claim")}>
          {texts.claim}
        </Button>
      )}
      {mayRelease && (
        <Button
          variant="default"
          size="xs"
          loading={acting.isPending}
          onClick={() => acting.mutate("release")}
        >
          {texts.release}
        </Button>
      )}
      {acting.error && (
        <Refusal>
          {isAbout(acting.error, "task-changed")
            ? texts.taskChanged
            : isAbout(acting.error, "task-taken")
              ? texts.taskTaken
              : (generalWords(texts, acting.error) ?? texts.failedPlain)}
        </Refusal>
      )}
    </div>
  );
}
