import type { RunView } from "../api/queries";
import { useInView } from "../display/inView";
import { human } from "../display/names";
import { absolute, clock, lasting } from "../display/time";
import { plain } from "../runs/reason";
import { StateIcon, shownState } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import type { Milestone, Moment, Step } from "./steps";
import classes from "./Timeline.module.css";

interface Props {
  run: RunView;
  moments: readonly Moment[];
  titles: ReadonlyMap<string, string>;
  selected: string | null;
  now: number;
  onSelect: (reference: string) => void;
}

/** The journal, one line for each thing that happened, in its order. */
export function Timeline({ run, moments, titles, selected, now, onSelect }: Props) {
  const { texts } = useTexts();
  const begins = moments[0]?.kind !== "milestone";
  return (
    <ol className={classes.line}>
      {begins && (
        <MilestoneItem
          milestone={{ kind: "milestone", id: "received", at: run.created_at, what: "started" }}
        />
      )}
      {moments.map(moment =>
        moment.kind === "milestone" ? (
          // The journal's first lines are written with the first answer: the run's own time is when it began.
          <MilestoneItem
            key={moment.id}
            milestone={moment.what === "started" ? { ...moment, at: run.created_at } : moment}
            held={shownState(run) === "held"}
          />
        ) : (
          <StepItem
            key={moment.id}
            step={moment}
            title={titles.get(moment.reference) || human(moment.name)}
            selected={moment.reference === selected}
            now={now}
            onSelect={onSelect}
          />
        ),
      )}
      {moments.length === 0 && (
        <li className={classes.hint}>{run.state === "pending" ? texts.notStarted : texts.justStarted}</li>
      )}
    </ol>
  );
}

const STATES = {
  started: "idle",
  completed: "completed",
  faulted: "faulted",
  cancelled: "cancelled",
  quarantined: "suspended",
  resumed: "idle",
} as const;

function MilestoneItem({ milestone: { at, what }, held = false }: { milestone: Milestone; held?: boolean }) {
  const { texts, language } = useTexts();
  const words = {
    started: texts.runStarted,
    completed: held ? texts.heldTitle : texts.runCompleted,
    faulted: texts.runFaulted,
    cancelled: texts.runCancelled,
    quarantined: texts.runQuarantined,
    resumed: texts.runResumed,
  };
  return (
    <li className={classes.item}>
      <div className={classes.milestone}>
        <StateIcon state={what === "completed" && held ? "held" : STATES[what]} />
        <span className={classes.title}>{words[what]}</span>
        <time className={classes.time} dateTime={at} title={absolute(language, at)}>
          {clock(language, at, true)}
        </time>
      </div>
    </li>
  );
}

interface StepProps {
  step: Step;
  title: string;
  selected: boolean;
  now: number;
  onSelect: (reference: string) => void;
}

function StepItem({ step, title, selected, now, onSelect }: StepProps) {
  const { texts, language } = useTexts();
  const button = useInView<HTMLButtonElement>(selected);
  const last = step.retries.at(-1);
  const took =
    step.state === "skipped"
      ? texts.taskStates.skipped
      : lasting(language, step.startedAt, step.endedAt ?? now);
  return (
    <li className={classes.item}>
      <button
        ref={button}
        type="button"
        className={classes.step}
        data-row
        data-state={step.state}
        aria-pressed={selected}
        title={`${clock(language, step.startedAt, true)} · ${texts.taskStates[step.state]}`}
        onClick={() => onSelect(step.reference)}
      >
        <StateIcon state={step.state} word={texts.taskStates[step.state]} />
        <span className={classes.title}>{title}</span>
        <span className={classes.time}>{took}</span>
        {last && (
          <span className={classes.more}>
            {texts.attempt(last.attempt + (step.endedAt ? 0 : 1))} · {plain(last.reason)}
          </span>
        )}
      </button>
    </li>
  );
}
