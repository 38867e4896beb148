import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { api, body } from "../api/client";
import { brandQuery, factorQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { CopyIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { KeyPicture } from "./KeyPicture";
import { needsProof, ProofFailed, ProofForm } from "./ProofForm";
import { Refusal } from "./Refusal";
import { type Resumed, useAtOnce, useResumed } from "./resuming";
import classes from "./SecondFactorPage.module.css";
import { useShownOnce } from "./shownOnce";
import { generalWords } from "./words";

/** The account's own second factor: set up, confirmed, removed. */
export function SecondFactorPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: factor, error, refetch } = useQuery(factorQuery);
  useEffect(() => {
    document.title = `${texts.secondFactor} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !factor) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{texts.secondFactor}</h1>
      {!factor ? <LinesSkeleton lines={1} /> : factor.is_set ? <Removal /> : <SetUp />}
    </div>
  );
}

function SetUp() {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const resumed = useResumed("set-up-factor", session.account.id);
  const beginning = useMutation({ mutationFn: () => body(api.POST("/portal/second-factor")) });
  useAtOnce(resumed, beginning.mutate);
  if (needsProof(beginning.error)) {
    return <ProofForm act={{ kind: "set-up-factor" }} onProved={() => beginning.mutate()} />;
  }
  if (beginning.data) return <Confirmation secret={beginning.data.secret} uri={beginning.data.uri} />;
  return (
    <>
      <p className={classes.lead}>
        {texts.secondFactorOff} {texts.afterSetUp}
      </p>
      <Failed error={beginning.error} resumed={resumed} />
      <Button loading={beginning.isPending} onClick={() => beginning.mutate()}>
        {texts.setUp}
      </Button>
      <p className={classes.instead}>
        <Link to="/account/passkeys">{texts.insteadPasskey}</Link>
      </p>
    </>
  );
}

function Confirmation({ secret, uri }: { secret: string; uri: string }) {
  const { texts } = useTexts();
  const [code, setCode] = useState("");
  const confirming = useMutation({
    mutationFn: () => body(api.POST("/portal/second-factor/confirm", { body: { code: code.trim() } })),
  });
  // The account's sessions end with it, and the codes must outlast what is read meanwhile.
  useShownOnce(confirming.isPending || confirming.isSuccess);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirming.mutate();
  };
  if (confirming.data) return <Recovery codes={confirming.data.recovery_codes} />;
  return (
    <form onSubmit={submit} className={classes.form}>
      <p>{texts.secretBody}</p>
      <KeyPicture uri={uri} />
      <code className={classes.secret}>{secret.replace(/(.{4})(?=.)/g, "$1 ")}</code>
      <a href={uri}>{texts.openApp}</a>
      <TextInput
        label={texts.code}
        autoComplete="one-time-code"
        inputMode="numeric"
        value={code}
        onChange={event => setCode(event.currentTarget.value)}
        required
        withAsterisk={false}
        autoFocus
        minLength={6}
        maxLength={16}
        error={confirming.error && (generalWords(texts, confirming.error) ?? texts.codeFailed)}
        errorProps={{ role: "alert" }}
      />
      <Button type="submit" className={classes.act} loading={confirming.isPending}>
        {texts.confirmCode}
      </Button>
    </form>
  );
}

function Recovery({ codes }: { codes: string[] }) {
  const { texts } = useTexts();
  return (
    <section aria-live="polite">
      <h2 className={classes.subtitle}>{texts.recoveryTitle}</h2>
      <p className={classes.lead}>{texts.recoveryBody}</p>
      <ul className={classes.codes}>
        {codes.map(one => (
          <li key={one}>
            <code>{one}</code>
          </li>
        ))}
      </ul>
      <div className={classes.acts}>
        <Button onClick={() => location.assign("/sign-in")}>{texts.signIn}</Button>
        <CopyAll codes={codes} />
      </div>
    </section>
  );
}

function CopyAll({ codes }: { codes: string[] }) {
  const { texts } = useTexts();
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(codes.join("\n")).then(() => setCopied(true));
  return (
    <Button variant="default" leftSection={<CopyIcon />} onClick={copy}>
      <span aria-live="polite">{copied ? texts.copied : texts.copyCodes}</span>
    </Button>
  );
}

function Removal() {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const resumed = useResumed("remove-factor", session.account.id);
  const removing = useMutation({
    mutationFn: () => api.DELETE("/portal/second-factor"),
    onSuccess: () => location.assign("/sign-in?told=factor-removed"),
  });
  useAtOnce(resumed, removing.mutate);
  if (needsProof(removing.error)) {
    return <ProofForm act={{ kind: "remove-factor" }} onProved={() => removing.mutate()} />;
  }
  return (
    <>
      <p className={classes.lead}>{texts.secondFactorOn}</p>
      <Failed error={removing.error} resumed={resumed} />
      <Button variant="default" loading={removing.isPending} onClick={() => removing.mutate()}>
        {texts.remove}
      </Button>
      <p className={classes.after}>{texts.removeBody}</p>
    </>
  );
}

function Failed({ error, resumed }: { error: Error | null; resumed: Resumed | null }) {
  const { texts } = useTexts();
  if (!error && !resumed?.failed) return null;
  return (
    <div className={classes.failed}>
      {error ? (
        <Refusal>{generalWords(texts, error) ?? texts.failedPlain}</Refusal>
      ) : (
        <ProofFailed of={resumed} />
      )}
    </div>
  );
}
