import { CompletedIcon, FaultedIcon, SuspendedIcon, WaitingIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./marks.module.css";
import type { DeliveryState, Endpoint } from "./queries";

/** How an endpoint stands: an icon, a word and a colour, the same three everywhere. */
export function EndpointMark({ endpoint }: { endpoint: Endpoint }) {
  const { texts } = useTexts();
  if (endpoint.status === "disabled") {
    return (
      <span className={classes.mark} data-role={endpoint.why === "asked" ? "warning" : "danger"}>
        {endpoint.why === "asked" ? <SuspendedIcon /> : <FaultedIcon />}
        {texts.endpointWhy[endpoint.why ?? "asked"]}
      </span>
    );
  }
  return endpoint.failing_since ? (
    <span className={classes.mark} data-role="danger">
      <FaultedIcon />
      {texts.endpointFailing}
    </span>
  ) : (
    <span className={classes.mark} data-role="success">
      <CompletedIcon />
      {texts.endpointActive}
    </span>
  );
}

export function DeliveryMark({ state }: { state: DeliveryState }) {
  const { texts } = useTexts();
  const [role, icon] = {
    pending: ["waiting", <WaitingIcon key="icon" />] as const,
    delivered: ["success", <CompletedIcon key="icon" />] as const,
    failed: ["danger", <FaultedIcon key="icon" />] as const,
  }[state];
  return (
    <span className={classes.mark} data-role={role}>
      {icon}
      {texts.deliveryStates[state]}
    </span>
  );
}
