import { human } from "../display/names";
import { useNames } from "../exceptions/useNames";
import { useTexts } from "../texts/texts";
import classes from "./ByHandPage.module.css";
import type { Finding } from "./queries";

/** What is typed or put right again and again: where, how often, for how long, why probably, and whose it is to end. */
export function FindingList({ items }: { items: readonly Finding[] }) {
  const { texts } = useTexts();
  const nameOf = useNames();
  if (items.length === 0) return <p className={classes.none}>{texts.noReEntry}</p>;
  return (
    <ul className={classes.findings} aria-label={texts.reEntry}>
      {items.map(one => (
        <li
          key={`${one.what} ${one.kind} ${one.step} ${one.field} ${one.step_before} ${one.field_before}`}
          className={classes.finding}
        >
          <span className={classes.what}>
            {texts.reEntryWhat[one.what](
              one.field ? human(one.field) : "",
              human(one.step.replaceAll(".", " ")),
              one.step_before ? human(one.step_before) : "",
            )}
          </span>
          <span>{texts.reEntryCauses[one.what]}</span>
          <span className={classes.facts}>
            <span className="numbers">{texts.reEntryTimes(one.count, one.entities)}</span>
            <span className="numbers">
              {one.minutes === null ? texts.nobodyMeasured : texts.minutesAtIt(one.minutes)}
            </span>
            <bdi>{texts.forExample(one.example)}</bdi>
            <span>
              {texts.exceptionColumns.owner}: <bdi>{nameOf("owner", one.owner)}</bdi>
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
