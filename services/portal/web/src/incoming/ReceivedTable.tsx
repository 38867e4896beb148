import { Button } from "@mantine/core";
import { useNow } from "../display/now";
import { size } from "../display/size";
import { absolute, relative } from "../display/time";
import { useTexts } from "../texts/texts";
import classes from "../webhooks/DeliveryTable.module.css";
import { ReceivedMark } from "./marks";
import type { Received } from "./queries";
import { became } from "./reasons";

interface Props {
  rows: Received[];
  more: boolean;
  loading: boolean;
  onMore: () => void;
  onOpen: (received: Received) => void;
}

const SECOND = 1_000;
const COLUMNS = ["type", "state", "note", "size", "when"] as const;
/** Columns of the delivery log that have the same place. */
const PLACES = {
  type: "",
  state: classes.state,
  note: classes.note,
  size: classes.tries,
  when: classes.when,
};

export function ReceivedTable({ rows, more, loading, onMore, onOpen }: Props) {
  const { texts } = useTexts();
  const now = useNow(SECOND);
  return (
    <>
      {/* Roles are written out: on a phone the rows are no table to CSS, and stay one to those who hear. */}
      <table role="table" className={classes.table} aria-label={texts.hookMessages}>
        <thead role="rowgroup">
          <tr role="row">
            {COLUMNS.map(one => (
              <th key={one} role="columnheader" scope="col" className={PLACES[one]}>
                {texts.receivedColumns[one]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map(one => (
            <Row key={one.id} received={one} now={now} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
      <div className={classes.foot}>
        <span className="numbers">{texts.receivedShown(rows.length, more)}</span>
        {more && (
          <Button variant="default" size="xs" onClick={onMore} loading={loading}>
            {texts.moreReceived}
          </Button>
        )}
      </div>
    </>
  );
}

function Row({ received, now, onOpen }: { received: Received; now: number } & Pick<Props, "onOpen">) {
  const { texts, language } = useTexts();
  const name = received.type ?? texts.noEvent;
  const said = became(texts, received);
  return (
    <tr role="row" className={classes.row}>
      <td role="cell" className={classes.type}>
        <button
          type="button"
          className={classes.open}
          title={name}
          aria-label={texts.openReceived(name)}
          onClick={() => onOpen(received)}
        >
          {name}
        </button>
      </td>
      <td role="cell" className={classes.state}>
        <ReceivedMark state={received.state} />
      </td>
      <td role="cell" className={classes.note} title={said}>
        {said}
      </td>
      <td role="cell" className={classes.tries}>
        {size(language, received.bytes)}
      </td>
      <td role="cell" className={classes.when}>
        <time dateTime={received.received_at} title={absolute(language, received.received_at)}>
          {relative(language, received.received_at, now, texts.justNow)}
        </time>
      </td>
    </tr>
  );
}
