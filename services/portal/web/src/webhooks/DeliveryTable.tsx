import { Button } from "@mantine/core";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
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
    <>
      {/* Roles are written out: on a phone the rows are no table to CSS, and stay one to those who hear. */}
      <table role="table" className={classes.table} aria-label={texts.deliveries}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">
              {texts.deliveryColumns.type}
            </th>
            <th role="columnheader" scope="col" className={classes.state}>
              {texts.deliveryColumns.state}
            </th>
            <th role="columnheader" scope="col" className={classes.note}>
              {texts.deliveryColumns.last}
            </th>
            <th role="columnheader" scope="col" className={classes.tries}>
              {texts.deliveryColumns.tries}
            </th>
            <th role="columnheader" scope="col" className={classes.when}>
              {texts.deliveryColumns.when}
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map(one => (
            <Row key={one.id} delivery={one} now={now} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
      <div className={classes.foot}>
        <span className="numbers">{texts.deliveriesShown(rows.length, more)}</span>
        {more && (
          <Button variant="default" size="xs" onClick={onMore} loading={loading}>
            {texts.moreDeliveries}
          </Button>
        )}
      </div>
    </>
  );
}

function Row({ delivery, now, onOpen }: { delivery: Delivery; now: number } & Pick<Props, "onOpen">) {
  const { texts, language } = useTexts();
  const said = texts.saidLast(delivery.last?.status ?? null, delivery.last?.error ?? null);
  return (
    <tr role="row" className={classes.row}>
      <td role="cell" className={classes.type}>
        <button
          type="button"
          className={classes.open}
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
      <td role="cell" className={classes.tries}>
        {texts.tries(delivery.attempts)}
      </td>
      <td role="cell" className={classes.when}>
        <time dateTime={delivery.created_at} title={absolute(language, delivery.created_at)}>
          {relative(language, delivery.created_at, now, texts.justNow)}
        </time>
      </td>
    </tr>
  );
}
