import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Listing, listing } from "../pages/Listing";
import { useTexts } from "../texts/texts";
import classes from "./DeliveryTable.module.css";
import { DeliveryMark } from "./marks";
import type { Delivery } from "./queries";

interface Props {
  rows: Delivery[];
  more: boolean;
  loading: boolean;
  onMore: () => void;
  onOpen: (delivery: Delivery) => void;
}

const SECOND = 1_000;

export function DeliveryTable({ rows, more, loading, onMore, onOpen }: Props) {
  const { texts } = useTexts();
  const now = useNow(SECOND);
  return (
    <Listing
      label={texts.deliveries}
      columns={[
        [texts.deliveryColumns.type],
        [texts.deliveryColumns.state, classes.state],
        [texts.deliveryColumns.last, classes.note],
        [texts.deliveryColumns.tries, classes.tries],
        [texts.deliveryColumns.when, classes.when],
      ]}
      shown={texts.deliveriesShown(rows.length, more)}
      more={more}
      moreWord={texts.moreDeliveries}
      loading={loading}
      onMore={onMore}
    >
      {rows.map(one => (
        <Row key={one.id} delivery={one} now={now} onOpen={onOpen} />
      ))}
    </Listing>
  );
}

function Row({ delivery, now, onOpen }: { delivery: Delivery; now: number } & Pick<Props, "onOpen">) {
  const { texts, language } = useTexts();
  const said = texts.saidLast(delivery.last?.status ?? null, delivery.last?.error ?? null);
  return (
    <tr role="row" className={listing.row}>
      <td role="cell" className={classes.type}>
        <button
          type="button"
          className={`${listing.open} ${classes.open}`}
          title={delivery.type}
          aria-label={texts.openDelivery(delivery.type)}
          onClick={() => onOpen(delivery)}
        >
          {delivery.type}
        </button>
      </td>
      <td role="cell" className={classes.state}>
        <DeliveryMark state={delivery.state} />
      </td>
      <td role="cell" className={classes.note} title={said}>
        {said}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.tries}`}>
        {texts.tries(delivery.attempts)}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.when}`}>
        <time dateTime={delivery.created_at} title={absolute(language, delivery.created_at)}>
          {relative(language, delivery.created_at, now, texts.justNow)}
        </time>
      </td>
    </tr>
  );
}
