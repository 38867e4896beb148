import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { Problem } from "../api/client";
import { type Passkey, passkeysQuery } from "../api/queries";
import { Dialog, DialogActs } from "../pages/Dialog";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { addPasskey, stopAsking } from "../session/passkey";
import { Refusal } from "../session/Refusal";
import type { Resumed } from "../session/resuming";
import { passkeyWords } from "../session/words";
import { useTexts } from "../texts/texts";
import { deviceName } from "./deviceName";

const LONGEST_NAME = 64;

interface Props {
  /** What was said before the person left to prove who they are; null: nothing yet. */
  resumed: Resumed<"add-passkey"> | null;
  known: readonly Passkey[];
  close: () => void;
  onAdded: (made: Passkey) => void;
}

/** Names it, asks the device for it, and asks in between who the person is, where that is long ago. */
export function AddPasskey({ open, ...rest }: Props & { open: boolean }) {
  const { texts } = useTexts();
  return (
    <Dialog open={open} close={rest.close} title={texts.addPasskey}>
      <Naming {...rest} />
    </Dialog>
  );
}

function Naming({ resumed, known, close, onAdded }: Props) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [name, setName] = useState(
    () =>
      resumed?.name ??
      deviceName(
        texts,
        navigator.userAgent,
        known.map(one => one.name),
      ),
  );
  const [lacking, setLacking] = useState(false);
  const adding = useMutation({
    mutationFn: () => addPasskey(name.trim()),
    onSuccess: onAdded,
    // An answer that did not come may have been a yes.
    onSettled: () => queries.invalidateQueries({ queryKey: passkeysQuery.queryKey }),
  });
  useEffect(() => stopAsking, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLacking(name.trim() === "");
    if (name.trim() !== "") adding.mutate();
  };
  if (needsProof(adding.error)) {
    const act = { kind: "add-passkey", name: name.trim() } as const;
    return <ProofForm act={act} onProved={() => adding.mutate()} />;
  }
  const isName = adding.error instanceof Problem && adding.error.status === 422;
  const wrong = lacking ? texts.passkeyNameNeeded : isName && texts.passkeyNameBad;
  return (
    <form onSubmit={submit} noValidate>
      <p>{texts.addPasskeyBody}</p>
      <TextInput
        mt={16}
        mb={16}
        label={texts.passkeyName}
        description={texts.passkeyNameHint}
        value={name}
        onChange={event => setName(event.currentTarget.value)}
        onFocus={event => event.currentTarget.select()}
        maxLength={LONGEST_NAME}
        autoComplete="off"
        data-autofocus
        error={wrong}
        errorProps={{ role: "alert" }}
      />
      {adding.error && !isName && (
        <Refusal>{passkeyWords(texts, adding.error, texts.passkeyNotAdded)}</Refusal>
      )}
      {adding.isIdle && <ProofFailed of={resumed} />}
      <p role="status">{adding.isPending && texts.passkeyAsking}</p>
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={adding.isPending}>
          {texts.prove}
        </Button>
      </DialogActs>
    </form>
  );
}
