import { Button, NativeSelect, Textarea } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, Problem } from "../api/client";
import { type Client, clientQuery } from "../api/queries";
import { DialogActs } from "../pages/Dialog";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { type Resumed, useAtOnce } from "../session/resuming";
import { generalWords } from "../session/words";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./ActForm.module.css";

/** Of every client; others are its own. */
const ENVIRONMENTS = ["live", "test", "dev"];
const MINUTES = [15, 60, 120, 240];
const SHORTEST_REASON = 10;

interface Props {
  client: Client;
  /** What was said before the person left to prove who they are; null: nothing yet. */
  resumed: Resumed<"act-as"> | null;
  close: () => void;
}

/** Why, where and for how long; then the pages are the client's. */
export function ActForm({ client, resumed, close }: Props) {
  const { texts } = useTexts();
  const { data: known } = useQuery(clientQuery(client.id));
  const [environment, setEnvironment] = useState(resumed?.environment ?? "live");
  const [minutes, setMinutes] = useState(resumed?.minutes ?? 60);
  const [reason, setReason] = useState(resumed?.reason ?? "");
  const [tooShort, setTooShort] = useState(false);
  const starting = useMutation({
    mutationFn: () =>
      api.POST("/portal/acting", {
        body: { client: client.id, environment, minutes, reason: reason.trim() },
      }),
    // Nothing that was read before is the client's.
    onSuccess: () => location.assign("/runs"),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTooShort(reason.trim().length < SHORTEST_REASON);
    if (reason.trim().length >= SHORTEST_REASON) starting.mutate();
  };
  useAtOnce(resumed, starting.mutate);
  if (needsProof(starting.error)) {
    const act = { kind: "act-as", client, environment, minutes, reason: reason.trim() } as const;
    return <ProofForm act={act} onProved={() => starting.mutate()} />;
  }
  return (
    <form onSubmit={submit} className={classes.form} noValidate>
      <p className={classes.lead}>{texts.actingBody}</p>
      <Textarea
        label={texts.reason}
        description={texts.reasonHint}
        value={reason}
        onChange={event => setReason(event.currentTarget.value)}
        maxLength={500}
        minRows={2}
        autosize
        data-autofocus
        error={tooShort && texts.reasonShort}
        errorProps={{ role: "alert" }}
      />
      <div className={classes.pair}>
        <NativeSelect
          label={texts.environmentWord}
          value={environment}
          onChange={event => setEnvironment(event.currentTarget.value)}
          data={choices(texts, known?.tenants.map(one => one.environment) ?? ENVIRONMENTS)}
        />
        <NativeSelect
          label={texts.minutes}
          value={String(minutes)}
          onChange={event => setMinutes(Number(event.currentTarget.value))}
          data={MINUTES.map(value => ({ value: String(value), label: texts.minutesOf(value) }))}
        />
      </div>
      {starting.error ? <Refusal>{words(texts, starting.error)}</Refusal> : <ProofFailed of={resumed} />}
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={starting.isPending || starting.isSuccess}>
          {texts.actAsShort}
        </Button>
      </DialogActs>
    </form>
  );
}

/** Those that every client has come first, by their words. */
function choices(texts: Texts, environments: readonly string[]) {
  const words: Record<string, string> = texts.environments;
  const own = environments.filter(one => !ENVIRONMENTS.includes(one)).sort();
  const order = [...ENVIRONMENTS.filter(one => environments.includes(one)), ...own];
  return order.map(value => ({ value, label: words[value] ?? value }));
}

const words = (texts: Texts, error: Error): string =>
  generalWords(texts, error) ?? (error instanceof Problem ? error.message : texts.failedPlain);
