import { CompletedIcon, FaultedIcon, SkippedIcon, SuspendedIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "../webhooks/marks.module.css";
import type { Hook, ListedHook, ReceivedState } from "./queries";

/** How an address stands; of one in the list also what became of its last message. */
export function HookMark({ hook }: { hook: Hook | ListedHook }) {
  const { texts } = useTexts();
  if (hook.status !== "active") {
    return (
      <span className={classes.mark} data-role="warning">
        <SuspendedIcon />
        {texts.hookDisabled}
      </span>
    );
  }
  return "last" in hook && hook.last?.state === "refused" ? (
    <span className={classes.mark} data-role="danger">
      <FaultedIcon />
      {texts.hookRefused}
    </span>
  ) : (
    <span className={classes.mark} data-role="success">
      <CompletedIcon />
      {texts.hookActive}
    </span>
  );
}

export function ReceivedMark({ state }: { state: ReceivedState }) {
  const { texts } = useTexts();
  const [role, icon] = {
    taken: ["success", <CompletedIcon key="icon" />] as const,
    ignored: ["quiet", <SkippedIcon key="icon" />] as const,
    refused: ["danger", <FaultedIcon key="icon" />] as const,
  }[state];
  return (
    <span className={classes.mark} data-role={role}>
      {icon}
      {texts.receivedStates[state]}
    </span>
  );
}
