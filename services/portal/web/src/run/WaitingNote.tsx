import type { RunView } from "../api/queries";
import { useReasons } from "../runs/reason";
import { StateIcon } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import classes from "./OutcomeCard.module.css";

/** "Why is it waiting?", answered in a sentence. */
export function WaitingNote({ run }: { run: RunView }) {
  const { texts } = useTexts();
  const reason = useReasons(Boolean(run.waiting_for))(run);
  if (!reason) return null;
  return (
    <section className={classes.card} data-state={run.state} role="status">
      <StateIcon state={run.state} />
      <div>
        <h2 className={classes.title}>{texts.waitingTitle}</h2>
        <p className={classes.lead}>{reason.full}</p>
      </div>
    </section>
  );
}
