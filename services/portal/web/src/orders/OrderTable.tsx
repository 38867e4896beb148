import { Link } from "@tanstack/react-router";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Listing, listing } from "../pages/Listing";
import { useTexts } from "../texts/texts";
import classes from "./OrdersPage.module.css";
import { type Entity, numberOf } from "./queries";

const SECOND = 1_000;

interface Props {
  rows: Entity[];
  more: boolean;
  loading: boolean;
  onMore: () => unknown;
}

export function OrderTable({ rows, more, loading, onMore }: Props) {
  const { texts, language } = useTexts();
  const now = useNow(SECOND);
  const of = texts.orderColumns;
  return (
    <Listing
      label={texts.orders}
      columns={[[of.number], [of.systems, classes.systems], [of.since, classes.since]]}
      shown={texts.ordersShown(rows.length, more)}
      more={more}
      loading={loading}
      onMore={() => void onMore()}
    >
      {rows.map(one => (
        <tr key={one.id} role="row" className={listing.row}>
          <td role="cell" className={classes.number}>
            <Link
              to="/orders/$entity"
              params={{ entity: one.id }}
              className={listing.open}
              title={numberOf(one)}
              dir="auto"
              data-row
            >
              {numberOf(one)}
            </Link>
          </td>
          <td role="cell" className={`${listing.quiet} ${classes.systems}`}>
            {[...new Set(one.keys.map(key => key.system))].join(", ") || texts.mergedAway}
          </td>
          <td role="cell" className={`${listing.quiet} ${classes.since}`}>
            <time dateTime={one.created_at} title={absolute(language, one.created_at)}>
              {relative(language, one.created_at, now, texts.justNow)}
            </time>
          </td>
        </tr>
      ))}
    </Listing>
  );
}
