import { Button, NativeSelect, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body, type Schemas } from "../api/client";
import { human } from "../display/names";
import { Dialog, DialogActs } from "../pages/Dialog";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./DecideMany.module.css";
import { countOf, together } from "./outcomes";
import { TASKS, type Task, type Told } from "./queries";

type Answer = Schemas["CompletedTasks"];

interface Props {
  tasks: readonly Task[];
  close: () => void;
}

/** Decides many alike: first what would become of each, then exactly those, then what became of each. */
export function DecideMany({ tasks, close }: Props) {
  const { texts } = useTexts();
  return (
    <Dialog open close={close} title={texts.decideMany(tasks.length)}>
      <Steps tasks={tasks} close={close} />
    </Dialog>
  );
}

/** The ways in which any of them can end; a task of each kind is asked. */
const outcomesQuery = (tasks: readonly Task[]) => {
  const first = [...new Map(tasks.toReversed().map(one => [one.kind, one.id])).values()].toReversed();
  return {
    queryKey: [...TASKS, "outcomes", ...first],
    queryFn: async () => {
      const views = await Promise.all(
        first.map(task => body(api.GET("/v1/tasks/{task}", { params: { path: { task } } }))),
      );
      return [...new Set(views.flatMap(one => one.outcomes))];
    },
    staleTime: 60_000,
  };
};

function Steps({ tasks: given, close }: Props) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  // What is listed changes while they are decided; these are what was chosen.
  const [tasks] = useState(given);
  const [outcome, setOutcome] = useState("");
  const [why, setWhy] = useState("");
  const { data: outcomes, error } = useQuery(outcomesQuery(tasks));
  const looking = useMutation({
    mutationFn: () =>
      body(
        api.POST("/v1/tasks/complete", {
          body: {
            preview: true,
            tasks: tasks.map(one => one.id),
            outcome,
            ...(why.trim() ? { why: why.trim() } : {}),
          },
        }),
      ),
  });
  const [told, setTold] = useState<readonly Told[] | null>(null);
  const deciding = useMutation({
    mutationFn: (token: string) => body(api.POST("/v1/tasks/complete", { body: { preview: false, token } })),
    onSuccess: (done: Answer) => setTold(before => together(before ?? looking.data?.done ?? [], done.done)),
    onSettled: () => queries.invalidateQueries({ queryKey: TASKS }),
  });
  const seen = looking.data;
  const wrong = deciding.error ?? looking.error ?? error;
  const refusal = wrong && <Refusal>{generalWords(texts, wrong) ?? texts.failedPlain}</Refusal>;
  if (seen && (told || deciding.isPending || deciding.error)) {
    const left = told ? countOf(told, "left") : 0;
    return (
      <>
        {told && (
          <p className={classes.count} role="status">
            {texts.decidedMany(countOf(told, "completed", "approved"), told.length)}
          </p>
        )}
        <Rows tasks={tasks} told={told ?? seen.done} words={told ? texts.becameOf : texts.wouldBecome} />
        {refusal}
        <DialogActs>
          {(left > 0 || deciding.error) && seen.token !== null && (
            <Button
              variant="default"
              loading={deciding.isPending}
              onClick={() => deciding.mutate(seen.token ?? "")}
            >
              {texts.decideRest}
            </Button>
          )}
          <Button onClick={close} loading={deciding.isPending} data-autofocus>
            {texts.close}
          </Button>
        </DialogActs>
      </>
    );
  }
  if (seen) {
    return (
      <>
        <p className={classes.count} role="status">
          {texts.mayDecide(seen.covered, seen.done.length)}
        </p>
        <Rows tasks={tasks} told={seen.done} words={texts.wouldBecome} />
        {refusal}
        <DialogActs>
          <Button variant="default" onClick={() => looking.reset()}>
            {texts.goBack}
          </Button>
          <Button
            disabled={seen.token === null}
            data-autofocus
            onClick={() => deciding.mutate(seen.token ?? "")}
          >
            {texts.decideThese(human(outcome), seen.covered)}
          </Button>
        </DialogActs>
      </>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (outcome) looking.mutate();
  };
  return (
    <form onSubmit={submit} className={classes.ask}>
      <p>{texts.decideManyBody}</p>
      {outcomes ? (
        <NativeSelect
          label={texts.decideHow}
          value={outcome}
          data={[
            { value: "", label: texts.choose },
            ...outcomes.map(value => ({ value, label: human(value) })),
          ]}
          onChange={event => setOutcome(event.currentTarget.value)}
          data-autofocus
        />
      ) : (
        !error && <LinesSkeleton lines={1} />
      )}
      <Textarea
        label={texts.whySo}
        description={texts.whySoHint}
        value={why}
        onChange={event => setWhy(event.currentTarget.value)}
        maxLength={2000}
        autosize
        minRows={2}
        maxRows={6}
      />
      {refusal}
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={looking.isPending} disabled={!outcome}>
          {texts.lookFirst}
        </Button>
      </DialogActs>
    </form>
  );
}

function Rows({
  tasks,
  told,
  words,
}: {
  tasks: readonly Task[];
  told: readonly Told[];
  words: Record<Told["outcome"], string>;
}) {
  const { texts } = useTexts();
  const titles = new Map(tasks.map(one => [one.id, one.title ?? human(one.kind)]));
  return (
    // A list that is scrolled has to be reached by keys.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <ul className={classes.rows} tabIndex={0}>
      {told.map(one => (
        <li key={one.id} className={classes.row}>
          <span className={classes.name} dir="auto">
            {titles.get(one.id) ?? one.id}
          </span>
          <span className={classes.told} data-outcome={one.outcome}>
            {words[one.outcome]}
            {one.why && (
              <>
                {": "}
                <bdi>{texts.refusalWords(one.why)}</bdi>
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
