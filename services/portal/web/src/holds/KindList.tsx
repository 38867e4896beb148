import { Link } from "@tanstack/react-router";
import { money } from "../display/money";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import classes from "../exceptions/GroupList.module.css";
import { Due } from "../inbox/Due";
import { useTexts } from "../texts/texts";
import type { Group } from "./kinds";
import type { Shown } from "./shown";
import { useTypeName } from "./words";

const MINUTE = 60_000;

/** How many of each type there are, what is at risk in them and until when; each leads to its own. */
export function KindList({ groups, shown }: { groups: Group[]; shown: Shown }) {
  const { texts, language } = useTexts();
  const nameOf = useTypeName();
  const now = useNow(MINUTE);
  return (
    <ul className={classes.groups} aria-label={texts.holdKinds}>
      {groups.map(one => {
        const isChosen = shown.type === one.type;
        return (
          <li key={one.type} className={classes.group} data-chosen={isChosen || undefined} data-leads>
            <Link
              to="/holds"
              search={{ ...shown, type: isChosen ? undefined : one.type }}
              className={classes.link}
              aria-current={isChosen ? "true" : undefined}
            >
              <span className={classes.count}>{one.count}</span> <bdi>{nameOf(one.type)}</bdi>
            </Link>
            <span className={classes.facts}>
              {one.atRisk.map(sum => (
                <span key={sum.currency} className="numbers">
                  {texts.sumAtRisk(money(language, sum))}
                </span>
              ))}
              <Due due={one.due} now={now} />
              <time dateTime={one.oldest} title={absolute(language, one.oldest)}>
                {texts.oldest(relative(language, one.oldest, now, texts.justNow))}
              </time>
            </span>
          </li>
        );
      })}
    </ul>
  );
}
