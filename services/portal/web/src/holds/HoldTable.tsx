import { Link } from "@tanstack/react-router";
import { money } from "../display/money";
import { human } from "../display/names";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Due } from "../inbox/Due";
import { Listing, listing } from "../pages/Listing";
import { useTexts } from "../texts/texts";
import { By } from "./By";
import classes from "./HoldTable.module.css";
import type { Hold } from "./queries";
import type { Shown } from "./shown";
import { reasonWords, useTypeName } from "./words";

const MINUTE = 60_000;

interface Props {
  rows: Hold[];
  shown: Shown;
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

export function HoldTable({ rows, shown, more, loading, onMore }: Props) {
  const { texts } = useTexts();
  const now = useNow(MINUTE);
  const of = texts.holdColumns;
  return (
    <Listing
      label={texts.holdsTitle}
      columns={[
        [of.what, classes.what],
        [of.of, classes.of],
        [of.risk, classes.value],
        [of.deadline, classes.deadline],
        [of.role, classes.role],
        [of.raised, classes.raised],
      ]}
      shown={texts.holdsShown(rows.length, more)}
      more={more}
      moreWord={texts.moreHolds}
      loading={loading}
      onMore={onMore}
    >
      {rows.map(one => (
        <Row key={one.id} one={one} now={now} shown={shown} />
      ))}
    </Listing>
  );
}

/** The order, or the customer where all of its orders are held. */
export const subjectOf = (one: Hold): string => one.order ?? one.customer ?? "";

function Row({ one, now, shown }: { one: Hold; now: number; shown: Shown }) {
  const { texts, language } = useTexts();
  const type = useTypeName()(one.type);
  const why = reasonWords(texts, one.reason);
  return (
    <tr role="row" className={`${listing.row} ${classes.row}`}>
      <td role="cell" className={classes.what}>
        <Link
          to="/holds/$hold"
          params={{ hold: one.id }}
          className={`${listing.open} ${classes.open}`}
          aria-label={texts.holdNamed(type, subjectOf(one))}
        >
          {type}
        </Link>
        <span className={classes.under} dir="auto" title={one.words ?? why}>
          {one.words ?? why}
        </span>
      </td>
      <td role="cell" className={classes.of}>
        {one.order ? (
          <Link to="/orders" search={{ number: one.order }} className={classes.link} title={one.order}>
            <bdi>{one.order}</bdi>
          </Link>
        ) : (
          <span className={classes.whole}>{texts.allItsOrders}</span>
        )}
        <span className={classes.under}>
          {one.customer && (
            <Link
              to="/holds"
              search={{ ...shown, customer: one.customer }}
              className={classes.link}
              aria-label={texts.onlyCustomer(one.customer)}
              title={one.customer}
            >
              <bdi>{one.customer}</bdi>
            </Link>
          )}
          {one.line && <> · {texts.lineOfOrder(one.line)}</>}
        </span>
      </td>
      <td role="cell" className={`${classes.value} numbers`}>
        {one.value ? money(language, one.value) : "–"}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.deadline}`}>
        {one.status !== "active" ? (
          texts.holdStatuses[one.status]
        ) : one.due ? (
          <Due due={one.due} now={now} />
        ) : (
          texts.holdNever
        )}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.role}`} title={human(one.role)}>
        <bdi>{human(one.role)}</bdi>
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.raised}`}>
        <time dateTime={one.raised_at} title={absolute(language, one.raised_at)}>
          {relative(language, one.raised_at, now, texts.justNow)}
        </time>
        <span className={classes.under}>
          <By actor={one.raised_by} />
        </span>
      </td>
    </tr>
  );
}
