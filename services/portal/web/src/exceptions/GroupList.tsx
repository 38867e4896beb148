import { Link } from "@tanstack/react-router";
import { money } from "../display/money";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { useTexts } from "../texts/texts";
import classes from "./GroupList.module.css";
import type { Group } from "./groups";
import type { Shown } from "./queries";

const MINUTE = 60_000;

/** How many of each kind there are, what they hold up, since when and until when; each leads to its own. */
export function GroupList({ groups, shown }: { groups: Group[]; shown: Shown }) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  return (
    <ul className={classes.groups} aria-label={texts.exceptionGroups}>
      {groups.map(one => (
        <li
          key={one.category}
          className={classes.group}
          data-chosen={shown.category === one.category || undefined}
        >
          <Link
            to="/exceptions"
            search={{ ...shown, category: shown.category === one.category ? undefined : one.category }}
            className={classes.link}
            aria-current={shown.category === one.category ? "true" : undefined}
          >
            <span className={classes.count}>{one.count}</span> {texts.exceptionCategories[one.category]}
          </Link>
          <span className={classes.facts}>
            {one.worth.map(sum => (
              <span key={sum.currency} className="numbers">
                {money(language, sum)}
              </span>
            ))}
            <time dateTime={one.oldest} title={absolute(language, one.oldest)}>
              {texts.oldest(relative(language, one.oldest, now, texts.justNow))}
            </time>
            {one.nextDeadline && <Deadline at={one.nextDeadline} now={now} />}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Deadline({ at, now }: { at: string; now: number }) {
  const { texts, language } = useTexts();
  const late = new Date(at).getTime() < now;
  return (
    <time dateTime={at} title={absolute(language, at)} className={late ? classes.late : undefined}>
      {late
        ? texts.deadlineMissed(relative(language, at, now, texts.justNow))
        : texts.nextDeadline(absolute(language, at))}
    </time>
  );
}
