import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { money } from "../display/money";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { useTexts } from "../texts/texts";
import classes from "./GroupList.module.css";
import type { Group } from "./groups";
import { type By, cutOf, type Shown } from "./shown";
import { useNames } from "./useNames";

const MINUTE = 60_000;
/** Cards that are shown before somebody asks for all; what is riskiest is first. */
const FIRST = 8;

/** How many of each there are, what is at risk in them and since when; each leads to its own. */
export function GroupList({ by, groups, shown }: { by: By; groups: Group[]; shown: Shown }) {
  const { texts } = useTexts();
  const [whole, setWhole] = useState(false);
  const chosen = shown[cutOf(by)];
  const first = whole ? groups : groups.filter((one, at) => at < FIRST || one.group === chosen);
  return (
    <>
      <ul className={classes.groups} aria-label={texts.groupedBy(texts.groupNames[by])}>
        {first.map(one => (
          <Card key={one.group ?? ""} by={by} one={one} shown={shown} />
        ))}
      </ul>
      {first.length < groups.length && (
        <Button className={classes.rest ?? ""} variant="subtle" size="xs" onClick={() => setWhole(true)}>
          {texts.allGroups(groups.length)}
        </Button>
      )}
    </>
  );
}

function Card({ by, one, shown }: { by: By; one: Group; shown: Shown }) {
  const { texts, language } = useTexts();
  const nameOf = useNames();
  const now = useNow(MINUTE);
  const cut = cutOf(by);
  const chosen = one.group !== null && shown[cut] === one.group;
  // Whatever has no owner can be asked for by that name; other things that have none cannot.
  const value = one.group ?? (by === "owner" ? "none" : null);
  const words = (
    <>
      <span className={classes.count}>{one.count}</span> <bdi>{nameOf(by, one.group)}</bdi>
    </>
  );
  return (
    <li className={classes.group} data-chosen={chosen || undefined} data-leads={value !== null || undefined}>
      {value === null ? (
        <span className={classes.link}>{words}</span>
      ) : (
        <Link
          to="/exceptions"
          search={{ ...shown, [cut]: shown[cut] === value ? undefined : value }}
          className={classes.link}
          aria-current={shown[cut] === value ? "true" : undefined}
        >
          {words}
        </Link>
      )}
      <span className={classes.facts}>
        {one.atRisk.map(sum => (
          <span key={sum.currency} className="numbers">
            {texts.sumAtRisk(money(language, sum))}
          </span>
        ))}
        {one.late > 0 && <span className={classes.late}>{texts.lateOfThem(one.late)}</span>}
        <time dateTime={one.oldest} title={absolute(language, one.oldest)}>
          {texts.oldest(relative(language, one.oldest, now, texts.justNow))}
        </time>
      </span>
    </li>
  );
}
