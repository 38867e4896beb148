import { useMemo } from "react";
import type { Journal } from "../api/journal";
import type { RunView } from "../api/queries";
import { useInView } from "../display/inView";
import { human } from "../display/names";
import { absolute, clock, lasting } from "../display/time";
import { plain } from "../runs/reason";
import { StateIcon, shownState } from "../states/StateMark";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import { lined, type Rounds } from "./rounds";
import { type Milestone, type Moment, type Step, titleOf } from "./steps";
import classes from "./Timeline.module.css";

interface Props {
  run: RunView;
  journal: Journal;
  moments: readonly Moment[];
  titles: ReadonlyMap<string, string>;
  selected: string | null;
  now: number;
  onSelect: (reference: string) => void;
}

/** The journal, one line for each thing that happened, in its order. What is repeated stands once, with its count. */
export function Timeline({ run, journal, moments, titles, selected, now, onSelect }: Props) {
  const { texts, language } = useTexts();
  const lines = useMemo(() => lined(moments), [moments]);
  const begins = lines[0]?.kind !== "milestone";
  const number = new Intl.NumberFormat(language);
  return (
    <ol className={classes.line}>
      {begins && (
        <MilestoneItem
          milestone={{ kind: "milestone", id: "received", at: run.created_at, what: "started" }}
        />
      )}
      {lines.map(line =>
        line.kind === "milestone" ? (
          // The order was received when the run was made; a worker took it up a moment later.
          <MilestoneItem
            key={line.id}
            milestone={line.what === "started" ? { ...line, at: run.created_at } : line}
            held={shownState(run) === "held"}
          />
        ) : (
          <StepItem
            key={line.id}
            rounds={line}
            title={titles.get(line.latest.reference) || human(line.latest.name)}
            cut={journal.cut}
            selected={line.latest.reference === selected}
            now={now}
            onSelect={onSelect}
          />
        ),
      )}
      {lines.length === 0 && (
        <li className={classes.hint}>{run.state === "pending" ? texts.notStarted : texts.justStarted}</li>
      )}
      {journal.cut && (
        <li className={classes.hint} role="status">
          {texts.journalCut(number.format(journal.lines.length), number.format(run.seq))}
        </li>
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
  suspended: "suspended",
  resumed: "idle",
  retried: "idle",
  migrated: "idle",
  compensated: "idle",
} as const;

function MilestoneItem({ milestone: { at, what }, held = false }: { milestone: Milestone; held?: boolean }) {
  const { texts, language } = useTexts();
  const words = {
    started: texts.runStarted,
    completed: held ? texts.heldTitle : texts.runCompleted,
    faulted: texts.runFaulted,
    cancelled: texts.runCancelled,
    quarantined: texts.runQuarantined,
    suspended: texts.runSuspended,
    resumed: texts.runResumed,
    retried: texts.runRetried,
    migrated: texts.runMigrated,
    compensated: texts.runCompensated,
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
  rounds: Rounds;
  title: string;
  /** Whether it may have been come to again since. */
  cut: boolean;
  selected: boolean;
  now: number;
  onSelect: (reference: string) => void;
}

/** Deeper ones have no room to stand further in. */
const DEEPEST = 4;

function StepItem({ rounds, title, cut, selected, now, onSelect }: StepProps) {
  const { texts, language } = useTexts();
  const button = useInView<HTMLButtonElement>(selected);
  const { latest: step, visits, startedAt, depth } = rounds;
  const goesOn = step.state === "running" || step.state === "waiting";
  const end = rounds.endedAt ?? (goesOn ? now : null);
  const took =
    step.state === "skipped"
      ? texts.taskStates.skipped
      : end === null
        ? ""
        : lasting(language, startedAt, end);
  const number = new Intl.NumberFormat(language);
  const more = happened(step, texts);
  return (
    <li className={classes.item} data-inside={depth > 0 || undefined}>
      <button
        ref={button}
        type="button"
        className={classes.step}
        style={{ paddingLeft: 8 + 16 * Math.min(depth, DEEPEST) }}
        data-row
        data-state={step.state}
        aria-pressed={selected}
        title={`${clock(language, startedAt, true)} · ${texts.taskStates[step.state]}`}
        onClick={() => onSelect(step.reference)}
      >
        <StateIcon state={step.state} word={texts.taskStates[step.state]} />
        <span className={classes.title}>
          {title}
          {visits > 1 && (
            <span className={classes.count}>
              {" "}
              ×{number.format(visits)}
              {cut && "+"}
            </span>
          )}
        </span>
        <span className={classes.time}>{took}</span>
        {more && <span className={classes.more}>{more}</span>}
      </button>
    </li>
  );
}

/** What befell the step while it was open, in a line. */
function happened(step: Step, texts: Texts): string | null {
  const last = step.retries.at(-1);
  if (step.rerouted) return texts.rerouted;
  if (step.caught !== null) return texts.caughtLine(titleOf(step.caught));
  if (last?.of === "call") {
    return `${texts.attempt(last.attempt + (step.endedAt ? 0 : 1))} · ${plain(last.reason)}`;
  }
  if (last) return texts.retryLine(step.retries.length, last.reason);
  return step.received.length > 0 ? texts.receivedLine(step.received.length) : null;
}
