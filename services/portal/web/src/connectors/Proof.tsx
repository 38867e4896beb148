import { Part } from "../pages/Parts";
import { useTexts } from "../texts/texts";
import classes from "./ConnectorPage.module.css";
import type { Connector } from "./queries";
import { changedSince } from "./shown";

const MOST = 3;

/** How far it is proven: what the level means, against what it was tested and when, and what it was made from. */
export function Proof({ connector }: { connector: Connector }) {
  const { texts, language } = useTexts();
  const { level, system, tested_on, tests, since } = connector.certification;
  const day = (text: string) =>
    new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(text));
  const changed = changedSince(since);
  const named = changed.slice(0, MOST).join(", ");
  return (
    <Part title={texts.provenTitle}>
      <li className={classes.proof}>{texts.levelMeans[level]}</li>
      <li>
        <dl className={classes.facts}>
          <dt>{texts.testsTitle}</dt>
          <dd>
            {system && tested_on ? texts.testedAgainst(tests, system, day(tested_on)) : texts.notTested}
          </dd>
          {changed.length > 0 && (
            <>
              <dt>{texts.changedSince}</dt>
              <dd>{changed.length > MOST ? texts.changedMore(named, changed.length - MOST) : named}</dd>
            </>
          )}
          {connector.follows && (
            <>
              <dt>{texts.followsTitle}</dt>
              <dd>{connector.follows}</dd>
            </>
          )}
        </dl>
      </li>
    </Part>
  );
}
