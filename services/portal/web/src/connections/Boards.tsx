import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sessionQuery } from "../api/queries";
import { useTexts } from "../texts/texts";
import classes from "../webhooks/EndpointPage.module.css";

/** Between what templates need, how connections are, and what can be connected, for who may see all of it. */
export function Boards({ here }: { here: "templates" | "connections" | "connectors" }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const sees = (permission: string) => session.permissions.includes(permission);
  if (!sees("deployments:read") || !sees("connections:read")) return null;
  return (
    <nav className={classes.filter} aria-label={texts.readiness}>
      <Link to="/readiness" className={classes.one} data-chosen={here === "templates" || undefined}>
        {texts.templates}
      </Link>
      <Link
        to="/readiness/connections"
        className={classes.one}
        data-chosen={here === "connections" || undefined}
      >
        {texts.connections}
      </Link>
      <Link to="/connectors" className={classes.one} data-chosen={here === "connectors" || undefined}>
        {texts.connectors}
      </Link>
    </nav>
  );
}
