import { CancelledIcon, CompletedIcon, FaultedIcon, WaitingIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "../webhooks/marks.module.css";
import type { Deployment, Promotion } from "./queries";

/** Whether events start it, with its word. */
export function DeploymentMark({ status }: { status: Deployment["status"] }) {
  const { texts } = useTexts();
  const active = status === "active";
  return (
    <span className={classes.mark} data-role={active ? "success" : "quiet"}>
      {active ? <CompletedIcon /> : <CancelledIcon />}
      {texts.deploymentStates[status]}
    </span>
  );
}

/** What was said to a promotion. */
export function PromotionMark({ status }: { status: Promotion["status"] }) {
  const { texts } = useTexts();
  const [role, icon] = {
    proposed: ["waiting", <WaitingIcon key="icon" />] as const,
    approved: ["success", <CompletedIcon key="icon" />] as const,
    refused: ["danger", <FaultedIcon key="icon" />] as const,
    withdrawn: ["quiet", <CancelledIcon key="icon" />] as const,
  }[status];
  return (
    <span className={classes.mark} data-role={role}>
      {icon}
      {texts.promotionStates[status]}
    </span>
  );
}
