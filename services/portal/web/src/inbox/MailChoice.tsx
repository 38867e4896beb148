import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body, type Schemas } from "../api/client";
import { Choice } from "../frame/Choice";
import { useTexts } from "../texts/texts";
import classes from "./InboxPage.module.css";
import { taskMailQuery } from "./queries";

type Chosen = NonNullable<Schemas["TaskMail"]["choice"]>;
const CHOICES: readonly Chosen[] = ["each", "daily", "none"];

/** How one hears of tasks by mail. */
export function MailChoice() {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { data } = useQuery(taskMailQuery);
  const choosing = useMutation({
    mutationFn: (choice: Chosen) => body(api.POST("/v1/task-mail", { body: { choice } })),
    onSuccess: told => queries.setQueryData(taskMailQuery.queryKey, told),
  });
  if (!data?.choice) return null;
  return (
    <div className={classes.mail}>
      <Choice
        legend={texts.taskMail}
        titled
        options={CHOICES.map(value => ({ value, label: texts.taskMailNames[value] }))}
        chosen={choosing.isPending ? choosing.variables : data.choice}
        onChoose={choice => choosing.mutate(choice)}
      />
    </div>
  );
}
