import type { ComponentType, SVGProps } from "react";
import type { RunState } from "../api/queries";
import { useTexts } from "../texts/texts";
import {
  CancelledIcon,
  CompletedIcon,
  FaultedIcon,
  IdleIcon,
  PendingIcon,
  RunningIcon,
  SkippedIcon,
  SuspendedIcon,
  WaitingIcon,
} from "./icons";
import classes from "./StateMark.module.css";

export type TaskState = "idle" | "running" | "waiting" | "completed" | "skipped" | "faulted" | "cancelled";

type Drawing = ComponentType<SVGProps<SVGSVGElement>>;

const ICONS: Record<RunState | TaskState, Drawing> = {
  pending: PendingIcon,
  running: RunningIcon,
  waiting: WaitingIcon,
  suspended: SuspendedIcon,
  cancelled: CancelledIcon,
  faulted: FaultedIcon,
  completed: CompletedIcon,
  skipped: SkippedIcon,
  idle: IdleIcon,
};

/** One icon, one word, one colour for each state of a run, everywhere. */
export function StateMark({ state, boxed = false }: { state: RunState; boxed?: boolean }) {
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
export function StateIcon({ state, word }: { state: RunState | TaskState; word?: string }) {
  const Drawing = ICONS[state];
  return (
    <span className={classes.icon} data-state={state} {...(word ? { role: "img", "aria-label": word } : {})}>
      <Drawing className={classes.icon} />
    </span>
  );
}
