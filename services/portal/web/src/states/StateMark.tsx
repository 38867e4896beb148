import type { ComponentType, SVGProps } from "react";
import type { RunSummary, ShownState } from "../api/queries";
import { useTexts } from "../texts/texts";
import {
  CancelledIcon,
  CompletedIcon,
  FaultedIcon,
  HeldIcon,
  IdleIcon,
  PendingIcon,
  RunningIcon,
  SkippedIcon,
  SuspendedIcon,
  WaitingIcon,
} from "./icons";
import classes from "./StateMark.module.css";

export type TaskState = "idle" | "running" | "waiting" | "completed" | "skipped" | "faulted" | "cancelled";

/** How a run stands for a person. */
export function shownState(run: Pick<RunSummary, "state" | "held">): ShownState {
  return run.state === "completed" && run.held !== null ? "held" : run.state;
}

type Drawing = ComponentType<SVGProps<SVGSVGElement>>;

const ICONS: Record<ShownState | TaskState, Drawing> = {
  pending: PendingIcon,
  running: RunningIcon,
  waiting: WaitingIcon,
  suspended: SuspendedIcon,
  cancelled: CancelledIcon,
  faulted: FaultedIcon,
  completed: CompletedIcon,
  held: HeldIcon,
  skipped: SkippedIcon,
  idle: IdleIcon,
};

/** One icon, one word, one colour for each state of a run, everywhere. */
export function StateMark({ state, boxed = false }: { state: ShownState; boxed?: boolean }) {
  const { texts } = useTexts();
  const Drawing = ICONS[state];
  return (
    <span className={classes.mark} data-state={state} data-boxed={boxed || undefined}>
      <Drawing className={classes.icon} />
      {texts.states[state]}
    </span>
  );
}

/** The icon of a task's or a run's state in its colour; the word goes with it for those who hear. */
export function StateIcon({ state, word }: { state: ShownState | TaskState; word?: string }) {
  const Drawing = ICONS[state];
  return (
    <span className={classes.icon} data-state={state} {...(word ? { role: "img", "aria-label": word } : {})}>
      <Drawing className={classes.icon} />
    </span>
  );
}
