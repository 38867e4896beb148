import type { RunView } from "../api/queries";
import { StateIcon } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import classes from "./OutcomeCard.module.css";

/** What is being done, in the place and the height of what will come of it: nothing moves when it ends. */
export function ProgressNote({ run, step }: { run: RunView; step: string | null }) {
  const { texts } = useTexts();
  if (run.state !== "running" && run.state !== "pending") return null;
  return (
    <section className={classes.card} data-state={run.state}>
      <StateIcon state={run.state} />
      <div>
        <h2 className={classes.title}>{step ?? texts.states[run.state]}</h2>
        <p className={classes.lead}>{texts.resultFollows}</p>
      </div>
    </section>
  );
}
