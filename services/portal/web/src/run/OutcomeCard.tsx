import type { RunView } from "../api/queries";
import { StateIcon } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import classes from "./OutcomeCard.module.css";
import { outcomeOf } from "./outcome";

/** What came of it, for someone who reads nothing else. */
export function OutcomeCard({ run, titles }: { run: RunView; titles: ReadonlyMap<string, string> }) {
  const { texts, language } = useTexts();
  const outcome = outcomeOf(run, texts, language, titles);
  if (!outcome) return null;
  return (
    <section className={classes.card} data-state={outcome.tone}>
      <StateIcon state={outcome.tone} />
      <div className={classes.words}>
        <h2 className={classes.title}>{outcome.title}</h2>
        {(outcome.at || outcome.lead) && (
          <p className={classes.lead}>
            {outcome.at && (
              <>
                {texts.faultedAt} <em className={classes.step}>{outcome.at}</em>
                {outcome.lead && " · "}
              </>
            )}
            {outcome.lead}
          </p>
        )}
        {outcome.facts.length > 0 && (
          <dl className={classes.facts}>
            {outcome.facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="numbers">{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </section>
  );
}
