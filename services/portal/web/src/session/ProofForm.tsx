import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { api } from "../api/client";
import { passkeysQuery, providersQuery, sessionQuery } from "../api/queries";
import { PasskeyIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { leaveFor } from "./leave";
import classes from "./ProofForm.module.css";
import { knowsPasskeys, proveByPasskey, stopAsking } from "./passkey";
import { Refusal } from "./Refusal";
import { type Act, keepAct, type Resumed } from "./resuming";
import { generalWords, isAbout, passkeyWords } from "./words";

/** Whether what was tried is dangerous, and the proof of who somebody is too old for it. */
export const needsProof = (error: Error | null): boolean => isAbout(error, "proof-needed");

interface Props {
  /** What is done after a proof elsewhere, on the page that is come back to; null where it needs a password anyway. */
  act: Act | null;
  onProved: () => void;
}

/** Asks again who somebody is, before something dangerous: in each way that may be theirs. */
export function ProofForm({ act, onProved }: Props) {
  const { texts } = useTexts();
  return (
    <section className={classes.proof} aria-label={texts.proveTitle}>
      <p className={classes.why}>{texts.proveBody}</p>
      <ByPassword onProved={onProved} />
      <ByPasskey onProved={onProved} />
      {act && <AtProvider act={act} />}
    </section>
  );
}

/** Why nothing was done after a proof at a provider, where that failed. */
export function ProofFailed({ of }: { of: Resumed | null }) {
  const { texts } = useTexts();
  return <Refusal>{of?.failed && (texts.proveFailedAt[of.failed] ?? texts.proveFailedOther)}</Refusal>;
}

function ByPassword({ onProved }: { onProved: () => void }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const proving = useMutation({
    mutationFn: () =>
      api.POST("/portal/session/proof", { body: { password, ...(code ? { code: code.trim() } : {}) } }),
    onSuccess: onProved,
    onError: error => setAsksCode(asked => asked || isAbout(error, "second-factor")),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    proving.mutate();
  };
  const error = proving.error;
  const general = error && generalWords(texts, error);
  const isCode = isAbout(error, "second-factor");
  return (
    <form onSubmit={submit} className={classes.form}>
      <Refusal>{general}</Refusal>
      <input
        type="email"
        name="username"
        autoComplete="username"
        value={session.account.email}
        readOnly
        hidden
      />
      <PasswordInput
        label={texts.password}
        autoComplete="current-password"
        value={password}
        onChange={event => setPassword(event.currentTarget.value)}
        required
        withAsterisk={false}
        autoFocus
        data-autofocus
        error={error && !general && !isCode && texts.proveFailed}
        errorProps={{ role: "alert" }}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": texts.showPassword }}
      />
      {asksCode && (
        <TextInput
          label={texts.code}
          description={texts.codeHint}
          autoComplete="one-time-code"
          value={code}
          onChange={event => setCode(event.currentTarget.value)}
          autoFocus
          spellCheck={false}
          error={isCode && (code ? texts.codeFailed : texts.codeNeeded)}
          errorProps={{ role: "alert" }}
        />
      )}
      <Button type="submit" fullWidth loading={proving.isPending}>
        {texts.prove}
      </Button>
    </form>
  );
}

/** Where the account has one of this host. */
function ByPasskey({ onProved }: { onProved: () => void }) {
  const { texts } = useTexts();
  const { data: passkeys } = useQuery(passkeysQuery);
  const proving = useMutation({ mutationFn: proveByPasskey, onSuccess: onProved });
  useEffect(() => stopAsking, []);
  const here = passkeys?.items.some(one => one.host === location.hostname);
  if (!here || !knowsPasskeys()) return null;
  return (
    <>
      <Button
        variant="default"
        fullWidth
        leftSection={<PasskeyIcon />}
        loading={proving.isPending}
        onClick={() => proving.mutate()}
      >
        {texts.withPasskey}
      </Button>
      {proving.error && <Refusal>{passkeyWords(texts, proving.error, texts.passkeyFailed)}</Refusal>}
    </>
  );
}

/** Who came by a provider has no password. The way back leads to this page, which goes on with the act. */
function AtProvider({ act }: { act: Act }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: choice } = useQuery(providersQuery({ for: "prove" }));
  const leaving = useMutation({
    mutationFn: (id: string) => leaveFor(id, { to: keepAct(session.account.id, act), prove: true }),
  });
  return (
    <>
      {choice?.items.map(one => (
        <Button
          key={one.id}
          className={classes.wide}
          variant="default"
          fullWidth
          loading={leaving.isPending && leaving.variables === one.id}
          onClick={() => leaving.mutate(one.id)}
        >
          {texts.proveAt(one.name)}
        </Button>
      ))}
      {leaving.error && <Refusal>{texts.failed["provider-away"]}</Refusal>}
    </>
  );
}
