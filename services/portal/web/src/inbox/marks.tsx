import {
  CancelledIcon,
  CompletedIcon,
  IdleIcon,
  PendingIcon,
  RunningIcon,
  WaitingIcon,
} from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "../webhooks/marks.module.css";
import type { Task } from "./queries";

/** How far a task is, with its word. */
export function TaskMark({ state }: { state: Task["state"] }) {
  const { texts } = useTexts();
  const [role, icon] = {
    created: ["warning", <IdleIcon key="icon" />] as const,
    offered: ["waiting", <PendingIcon key="icon" />] as const,
    claimed: ["waiting", <RunningIcon key="icon" />] as const,
    delegated: ["waiting", <WaitingIcon key="icon" />] as const,
    completed: ["success", <CompletedIcon key="icon" />] as const,
    expired: ["warning", <WaitingIcon key="icon" />] as const,
    cancelled: ["quiet", <CancelledIcon key="icon" />] as const,
  }[state];
  return (
    <span className={classes.mark} data-role={role}>
      {icon}
      {texts.taskStandings[state]}
    </span>
  );
}
