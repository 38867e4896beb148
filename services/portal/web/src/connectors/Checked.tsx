import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { HealthMark } from "../connections/HealthMark";
import { duration } from "../display/time";
import { toConnections, usePlace } from "../place/place";
import { useTexts } from "../texts/texts";
import classes from "./ConnectorPage.module.css";
import { type Connection, type ConnectorDetail, oneHealthQuery } from "./queries";

const SOON = 1_500;

interface Props {
  connector: ConnectorDetail;
  connection: Connection;
  /** What the check says to change. */
  onFailed: (detail: string) => void;
}

/** That it is saved, and what its first check finds; a worker asks it within seconds. */
export function Checked({ connector, connection, onFailed }: Props) {
  const { texts, language } = useTexts();
  const place = usePlace();
  const { data: health } = useQuery(oneHealthQuery(place, connection.id, SOON));
  const state = health?.state ?? "unknown";
  const detail = health?.error ? (health.detail ?? texts.healthErrors[health.error] ?? health.error) : null;
  useEffect(() => {
    if (detail) onFailed(detail);
  }, [detail, onFailed]);
  const took = health?.milliseconds == null ? "" : duration(language, health.milliseconds);
  const words = !connector.checked_by
    ? texts.savedUnchecked
    : state === "unknown"
      ? texts.savedChecking
      : state === "well"
        ? texts.savedWell(took)
        : texts.savedFailing(detail ?? health?.away?.reason ?? texts.healthStates[state]);
  return (
    <section className={classes.saved} role="status" aria-label={texts.savedTitle(connection.name)}>
      <div className={classes.beside}>
        <strong>{texts.savedTitle(connection.name)}</strong>
        {connector.checked_by && <HealthMark state={state} />}
      </div>
      <p>{words}</p>
      <Link {...toConnections(place)}>{texts.toConnections}</Link>
    </section>
  );
}
