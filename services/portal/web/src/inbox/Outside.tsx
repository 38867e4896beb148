import { Button } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { api, body, type Schemas } from "../api/client";
import { sessionQuery } from "../api/queries";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import { TASKS, type TaskView } from "./queries";
import classes from "./TaskActs.module.css";

const MINUTE = 60_000;

/** Who is asked that has no account, how their link stands, and for who manages tasks another one or none. */
export function Outside({ task, asked }: { task: TaskView; asked: Schemas["TaskOutside"] }) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const acting = useMutation({
    mutationFn: (action: "send" | "withdraw") =>
      body(
        api.POST("/v1/tasks/{task}/act", {
          params: { path: { task: task.id } },
          body: { action, version: task.version },
        }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: TASKS }),
  });
  const manages = session.permissions.includes("tasks:manage") && task.closed_at === null && !task.role;
  const { link } = asked;
  return (
    <div className={classes.acts}>
      <p>
        {asked.name ? texts.outsideName(`${asked.name} (${asked.email ?? ""})`) : texts.outsideSomebody}
        {". "}
        {link === null
          ? texts.outsideWaits
          : link.ended
            ? texts.outsideEnded
            : texts.outsideSent(
                relative(language, link.sent_at, now, texts.justNow),
                absolute(language, link.expires_at),
              )}
      </p>
      {manages && (
        <>
          <Button
            variant="default"
            size="xs"
            loading={acting.isPending}
            onClick={() => acting.mutate("send")}
          >
            {texts.sendLink}
          </Button>
          {link && !link.ended && (
            <Button
              variant="default"
              size="xs"
              loading={acting.isPending}
              onClick={() => acting.mutate("withdraw")}
            >
              {texts.withdrawLink}
            </Button>
          )}
        </>
      )}
      {acting.error && <Refusal>{generalWords(texts, acting.error) ?? texts.failedPlain}</Refusal>}
    </div>
  );
}
