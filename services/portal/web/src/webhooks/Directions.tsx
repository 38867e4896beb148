import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sessionQuery } from "../api/queries";
import { useTexts } from "../texts/texts";
import classes from "./EndpointPage.module.css";

/** Between the webhooks that leave and those that come, for who may see both. */
export function Directions({ here }: { here: "outgoing" | "incoming" }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const sees = (permission: string) => session.permissions.includes(permission);
  if (!sees("webhooks:read") || !sees("connections:read")) return null;
  return (
    <nav className={classes.filter} aria-label={texts.directions}>
      <Link to="/webhooks" className={classes.one} data-chosen={here === "outgoing" || undefined}>
        {texts.outgoing}
      </Link>
      <Link to="/webhooks/incoming" className={classes.one} data-chosen={here === "incoming" || undefined}>
        {texts.incoming}
      </Link>
    </nav>
  );
}
