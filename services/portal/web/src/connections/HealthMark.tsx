import { CompletedIcon, FaultedIcon, PendingIcon, SuspendedIcon, WaitingIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "../webhooks/marks.module.css";
import type { HealthState } from "./queries";

/** How a connection is: an icon, a word and a colour. */
export function HealthMark({ state }: { state: HealthState }) {
  const { texts } = useTexts();
  const [role, icon] = {
    well: ["success", <CompletedIcon key="icon" />] as const,
    failing: ["danger", <FaultedIcon key="icon" />] as const,
    away: ["warning", <WaitingIcon key="icon" />] as const,
    unknown: ["quiet", <PendingIcon key="icon" />] as const,
    disabled: ["quiet", <SuspendedIcon key="icon" />] as const,
  }[state];
  return (
    <span className={classes.mark} data-role={role}>
      {icon}
      {texts.healthStates[state]}
    </span>
  );
}
