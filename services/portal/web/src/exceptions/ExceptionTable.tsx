import { Checkbox } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { money } from "../display/money";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Listing, listing } from "../pages/Listing";
import { useTexts } from "../texts/texts";
import classes from "./ExceptionTable.module.css";
import type { Exception } from "./queries";
import type { Chosen } from "./useChosen";
import { useNames } from "./useNames";

const MINUTE = 60_000;

interface Props {
  rows: Exception[];
  /** Null: who looks may do nothing with them. */
  chosen: Chosen | null;
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

export function ExceptionTable({ rows, chosen, more, loading, onMore }: Props) {
  const { texts } = useTexts();
  const now = useNow(MINUTE);
  const of = texts.exceptionColumns;
  return (
    <Listing
      label={texts.exceptions}
      columns={[
        [of.what, classes.what],
        [of.why, classes.why],
        [of.risk, classes.value],
        [of.deadline, classes.deadline],
        [of.owner, classes.owner],
        [of.since, classes.since],
      ]}
      shown={texts.exceptionsShown(rows.length, more)}
      more={more}
      moreWord={texts.moreOfThem}
      loading={loading}
      onMore={onMore}
    >
      {rows.map(one => (
        <Row key={one.id} one={one} now={now} chosen={chosen} />
      ))}
    </Listing>
  );
}

export const calledOf = (one: Exception): string | null => one.business_key ?? one.deployment_name;

function Row({ one, now, chosen }: { one: Exception; now: number; chosen: Chosen | null }) {
  const { texts, language } = useTexts();
  const nameOf = useNames();
  const category = texts.exceptionCategories[one.category];
  const called = calledOf(one) ?? category;
  const words = one.title ?? category;
  return (
    <tr role="row" className={`${listing.row} ${classes.row}`}>
      <td role="cell" className={classes.what}>
        <span className={classes.place}>
          {chosen && (
            <Checkbox
              className={classes.choose ?? ""}
              size="xs"
              aria-label={texts.chooseOne(called)}
              checked={chosen.has(one.id)}
              onChange={() => chosen.turn(one.id)}
            />
          )}
          <span className={classes.name}>
            <Link
              to="/exceptions/$exception"
              params={{ exception: one.id }}
              className={`${listing.open} ${classes.open}`}
              title={called}
            >
              <bdi>{called}</bdi>
            </Link>
            <span className={classes.under}>{category}</span>
          </span>
        </span>
      </td>
      <td role="cell" className={classes.why} dir="auto">
        <span className={classes.cause} title={words}>
          {words}
        </span>
        <span className={classes.under}>
          {one.entry ? texts.exceptionNextOfEntry : texts.exceptionNext[one.category]}
        </span>
      </td>
      <td role="cell" className={`${classes.value} numbers`}>
        {one.at_risk ? money(language, one.at_risk) : "–"}
        {one.value && (
          <span className={classes.under}>
            {texts.ofValue(money(language, one.value), Math.round(one.probability * 100))}
          </span>
        )}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.deadline}`}>
        <Until one={one} now={now} />
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.owner}`} title={nameOf("owner", one.owner)}>
        <bdi>{nameOf("owner", one.owner)}</bdi>
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.since}`}>
        <time dateTime={one.opened_at} title={absolute(language, one.opened_at)}>
          {relative(language, one.opened_at, now, texts.justNow)}
        </time>
      </td>
    </tr>
  );
}

/** Until when it is to be done with: its promise, or what its category is given. */
export function Until({ one, now }: { one: Exception; now: number }) {
  const { texts, language } = useTexts();
  const late = new Date(one.breach_at).getTime() < now;
  return (
    <time dateTime={one.breach_at} title={absolute(language, one.breach_at)} data-late={late || undefined}>
      {late
        ? texts.overdue(relative(language, one.breach_at, now, texts.justNow))
        : absolute(language, one.breach_at)}
    </time>
  );
}
