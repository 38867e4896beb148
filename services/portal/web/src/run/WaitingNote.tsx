import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type RunView, sessionQuery } from "../api/queries";
import { useReasons } from "../runs/reason";
import { StateIcon } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import classes from "./OutcomeCard.module.css";

/** "Why is it waiting?", answered in a sentence. */
export function WaitingNote({ run }: { run: RunView }) {
  const { texts } = useTexts();
  const reason = useReasons(Boolean(run.waiting_for))(run);
  const { data: session } = useSuspenseQuery(sessionQuery);
  if (!reason) return null;
  const held = heldOrderOf(run);
  return (
    <section className={classes.card} data-state={run.state} role="status">
      <StateIcon state={run.state} />
      <div>
        <h2 className={classes.title}>{texts.waitingTitle}</h2>
        <p className={classes.lead}>{reason.full}</p>
        {held && session.permissions.includes("records:read") && (
          <Link to="/holds" search={{ order: held }}>
            {texts.seeItsHolds}
          </Link>
        )}
      </div>
    </section>
  );
}

/** The order that it waits for until nothing holds it; null where it waits for anything else. */
function heldOrderOf({ waiting_for }: RunView): string | null {
  const { kind, ref } = (waiting_for ?? {}) as { kind?: unknown; ref?: unknown };
  return kind === "hold" && typeof ref === "string" && ref !== "" ? ref : null;
}
