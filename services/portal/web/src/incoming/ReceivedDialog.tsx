import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, Problem } from "../api/client";
import { sessionQuery } from "../api/queries";
import { CopyText } from "../display/CopyText";
import { Dialog, DialogActs } from "../pages/Dialog";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { LockIcon } from "../states/icons";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import { ReceivedMark } from "./marks";
import { contentQuery, incomingKey, type Received } from "./queries";
import classes from "./ReceivedDialog.module.css";
import { became, reason } from "./reasons";

interface Props {
  hook: string;
  /** Whether the account may read what came, and take it in again. */
  reads: boolean;
  takes: boolean;
  close: () => void;
}

const REFUSED = 422;
const MALFORMED = 400;

/** One message: what became of it and why, its content as it came, and taking it in again. */
export function ReceivedDialog({ received, ...rest }: Props & { received: Received | null }) {
  const { texts } = useTexts();
  // What was refused is called by its event as soon as it is one.
  const { data } = useQuery({
    ...contentQuery(rest.hook, received?.id ?? ""),
    enabled: rest.reads && received !== null,
  });
  return (
    <Dialog open={received !== null} close={rest.close} title={data?.type ?? received?.type ?? texts.noEvent}>
      {received && <Detail received={received} {...rest} />}
    </Dialog>
  );
}

function Detail({ hook, received, reads, takes, close }: Props & { received: Received }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { data, error } = useQuery({ ...contentQuery(hook, received.id), enabled: reads });
  // Renewed only by an answer: pressed again without one, it is the same event.
  const [key, renew] = useState(() => crypto.randomUUID());
  const replaying = useMutation({
    mutationFn: () =>
      body(
        api.POST("/v1/inbound-webhooks/{hook}/received/{received}/replay", {
          params: {
            path: { hook, received: received.id },
            header: { "Idempotency-Key": key },
          },
        }),
      ),
    onSuccess: () => renew(crypto.randomUUID()),
    onSettled: () => queries.invalidateQueries({ queryKey: incomingKey }),
  });
  const now = data ?? received;
  const wrong = replaying.error ?? error;
  return (
    <>
      <div className={classes.facts}>
        <ReceivedMark state={now.state} />
        <CopyText text={received.id} />
      </div>
      <p className={classes.said}>{became(texts, now)}</p>
      {data?.detail && <p className={classes.detail}>{data.detail}</p>}
      <dl className={classes.named}>
        <dt>{texts.sentId}</dt>
        <dd>{received.sent_id}</dd>
      </dl>
      {reads ? (
        data ? (
          <Content data={data} />
        ) : (
          !error && <LinesSkeleton lines={4} />
        )
      ) : (
        <Locked>{texts.contentRefused}</Locked>
      )}
      <p role="status" className={classes.told}>
        {replaying.data &&
          (replaying.data.event === null ? texts.ignoredAgain : texts.takenAgain(replaying.data.runs.length))}
      </p>
      {wrong && <Refusal>{words(texts, wrong)}</Refusal>}
      <DialogActs>
        <Button variant="default" onClick={close} data-autofocus>
          {texts.close}
        </Button>
        {takes && (
          <Button loading={replaying.isPending} onClick={() => replaying.mutate()}>
            {texts.takeAgain}
          </Button>
        )}
      </DialogActs>
    </>
  );
}

/** As it came: nothing of it is laid out anew, so that what is wrong with it can be seen. */
function Content({
  data,
}: {
  data: { headers?: string[][]; body: string | null; body_base64: string | null };
}) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const isNothing = data.body === null && data.body_base64 === null;
  if (isNothing) {
    const masked = session.permissions.includes("payloads:masked");
    return <Locked>{masked ? texts.contentUnmasked : texts.contentHidden}</Locked>;
  }
  return (
    <>
      {data.headers ? (
        <section aria-label={texts.receivedHeaders}>
          <h3 className={classes.label}>{texts.receivedHeaders}</h3>
          <pre className={classes.raw}>{data.headers.map(pair => pair.join(": ")).join("\n")}</pre>
        </section>
      ) : (
        <Locked>{texts.contentMasked}</Locked>
      )}
      <section aria-label={texts.receivedContent}>
        <h3 className={classes.label}>
          {data.body_base64 === null ? texts.receivedContent : texts.receivedBinary}
        </h3>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys. */}
        <pre className={classes.raw} tabIndex={0}>
          {data.body ?? data.body_base64 ?? ""}
        </pre>
      </section>
    </>
  );
}

/** Why something is not shown. */
function Locked({ children }: { children: string }) {
  return (
    <p className={classes.locked}>
      <LockIcon width={14} height={14} />
      {children}
    </p>
  );
}

function words(texts: Texts, error: Error): string {
  if (error instanceof Problem && (error.status === REFUSED || error.status === MALFORMED)) {
    return texts.refusedAgain(reason(texts, error.type));
  }
  return generalWords(texts, error) ?? texts.failedPlain;
}
