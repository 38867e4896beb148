import { CompletedIcon, FaultedIcon, RaiseIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "../webhooks/marks.module.css";
import type { Standing } from "./queries";

/** Green, amber or red, with its word. */
export function StandingMark({ standing }: { standing: Standing }) {
  const { texts } = useTexts();
  const [role, icon] = {
    green: ["success", <CompletedIcon key="icon" />] as const,
    amber: ["warning", <RaiseIcon key="icon" />] as const,
    red: ["danger", <FaultedIcon key="icon" />] as const,
  }[standing];
  return (
    <span className={classes.mark} data-role={role}>
      {icon}
      {texts.standings[standing]}
    </span>
  );
}
