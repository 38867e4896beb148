import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../api/client";
import { CopyText } from "../display/CopyText";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Dialog, DialogActs } from "../pages/Dialog";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./DeliveryDialog.module.css";
import { DeliveryMark } from "./marks";
import { type Delivery, deliveryQuery, endpointsQuery } from "./queries";

interface Props {
  endpoint: string;
  may: boolean;
  close: () => void;
}

/** One message: every try, what the receiver said, and sending it again. */
export function DeliveryDialog({ delivery, ...rest }: Props & { delivery: Delivery | null }) {
  return (
    <Dialog open={delivery !== null} close={rest.close} title={delivery?.type ?? ""}>
      {delivery && <Detail delivery={delivery} {...rest} />}
    </Dialog>
  );
}

function Detail({ endpoint, delivery, may, close }: Props & { delivery: Delivery }) {
  const { texts, language } = useTexts();
  const queries = useQueryClient();
  const now = useNow(1_000);
  const { data, error } = useQuery(deliveryQuery(endpoint, delivery.id));
  const replaying = useMutation({
    mutationFn: () =>
      api.POST("/v1/webhook-endpoints/{endpoint}/deliveries/{message}/replay", {
        params: { path: { endpoint, message: delivery.id } },
      }),
    onSuccess: close,
    onSettled: () => queries.invalidateQueries({ queryKey: endpointsQuery.queryKey }),
  });
  const wrong = replaying.error ?? error;
  const when = (at: string) => (
    <time dateTime={at} title={absolute(language, at)}>
      {relative(language, at, now, texts.justNow)}
    </time>
  );
  return (
    <>
      <div className={classes.facts}>
        <DeliveryMark state={data?.state ?? delivery.state} />
        <CopyText text={delivery.id} />
      </div>
      {data?.next_at && (
        <p className={classes.hint}>
          <time dateTime={data.next_at}>{texts.triedAgain(absolute(language, data.next_at))}</time>
        </p>
      )}
      {!data && !error && <LinesSkeleton lines={3} />}
      <ol className={classes.tries} aria-label={texts.deliveryColumns.tries}>
        {data?.tries.map(one => (
          <li key={one.number} className={classes.try}>
            <span className={classes.said}>{texts.saidLast(one.status, one.error)}</span>
            <span className={classes.hint}>
              {when(one.at)} · {texts.milliseconds(one.milliseconds)}
            </span>
            {one.answer && <code className={classes.answer}>{one.answer}</code>}
          </li>
        ))}
      </ol>
      {wrong && (
        <Refusal>
          {isAbout(wrong, "webhook-endpoint-disabled")
            ? texts.replayDisabled
            : (generalWords(texts, wrong) ?? texts.failedPlain)}
        </Refusal>
      )}
      <DialogActs>
        <Button variant="default" onClick={close} data-autofocus>
          {texts.close}
        </Button>
        {may && (
          <Button loading={replaying.isPending} onClick={() => replaying.mutate()}>
            {texts.sendAgain}
          </Button>
        )}
      </DialogActs>
    </>
  );
}
