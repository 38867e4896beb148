import { useNow } from "../display/now";
import { size } from "../display/size";
import { absolute, relative } from "../display/time";
import { Listing, listing } from "../pages/Listing";
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

export function ReceivedTable({ rows, onOpen, more, ...rest }: Props) {
  const { texts } = useTexts();
  const now = useNow(SECOND);
  const of = texts.receivedColumns;
  return (
    <Listing
      label={texts.hookMessages}
      columns={[
        [of.type],
        [of.state, classes.state],
        [of.note, classes.note],
        [of.size, classes.tries],
        [of.when, classes.when],
      ]}
      shown={texts.receivedShown(rows.length, more)}
      more={more}
      moreWord={texts.moreReceived}
      {...rest}
    >
      {rows.map(one => (
        <Row key={one.id} received={one} now={now} onOpen={onOpen} />
      ))}
    </Listing>
  );
}

function Row({ received, now, onOpen }: { received: Received; now: number } & Pick<Props, "onOpen">) {
  const { texts, language } = useTexts();
  const name = received.type ?? texts.noEvent;
  const said = became(texts, received);
  return (
    <tr role="row" className={listing.row}>
      <td role="cell" className={classes.type}>
        <button
          type="button"
          className={`${listing.open} ${classes.open}`}
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
      <td role="cell" className={`${listing.quiet} ${classes.note}`} title={said}>
        {said}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.tries}`}>
        {size(language, received.bytes)}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.when}`}>
        <time dateTime={received.received_at} title={absolute(language, received.received_at)}>
          {relative(language, received.received_at, now, texts.justNow)}
        </time>
      </td>
    </tr>
  );
}
