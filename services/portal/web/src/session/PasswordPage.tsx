import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import { brandQuery, passwordQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { useTexts } from "../texts/texts";
import classes from "./PasswordPage.module.css";
import { needsProof, ProofForm } from "./ProofForm";
import { Refusal } from "./Refusal";
import { generalWords, isAbout, weakWords } from "./words";

/** The account's own password: another in its place. */
export function PasswordPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: password, error, refetch } = useQuery(passwordQuery);
  useEffect(() => {
    document.title = `${texts.ownPassword} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !password) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{texts.ownPassword}</h1>
      {!password ? <LinesSkeleton lines={3} /> : password.is_set ? <Change /> : <None />}
    </div>
  );
}

function None() {
  const { texts } = useTexts();
  return (
    <>
      <p className={classes.lead}>{texts.noPassword}</p>
      <p className={classes.instead}>
        <Link to="/account/passkeys">{texts.passkeys}</Link>
      </p>
    </>
  );
}

function Change() {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [old, setOld] = useState("");
  const [renewed, setRenewed] = useState("");
  const oldField = useRef<HTMLInputElement>(null);
  const newField = useRef<HTMLInputElement>(null);
  const changing = useMutation({
    mutationFn: () => change(old, renewed),
    // With it went every session of the account, and nothing that was read for it may stay.
    onSuccess: () => location.assign("/sign-in?told=password-changed"),
    onError: error => (weakWords(texts, error) ? newField : oldField).current?.select(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changing.mutate();
  };
  const { error } = changing;
  // The old password was right, and the account asks for more than that.
  if (needsProof(error) || isAbout(error, "second-factor")) {
    return <ProofForm act={null} onProved={() => changing.mutate()} />;
  }
  const weak = error && weakWords(texts, error);
  const isOld = isAbout(error, "sign-in-failed");
  return (
    <form onSubmit={submit} className={classes.form}>
      <p className={classes.lead}>{texts.passwordBody}</p>
      {error && !weak && !isOld && <Refusal>{generalWords(texts, error) ?? texts.failedPlain}</Refusal>}
      <input
        type="email"
        name="username"
        autoComplete="username"
        value={session.account.email}
        readOnly
        hidden
      />
      <PasswordInput
        ref={oldField}
        label={texts.oldPassword}
        autoComplete="current-password"
        value={old}
        onChange={event => setOld(event.currentTarget.value)}
        required
        withAsterisk={false}
        autoFocus
        error={isOld && texts.proveFailed}
        errorProps={{ role: "alert" }}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": `${texts.showPassword}: ${texts.oldPassword}` }}
      />
      <PasswordInput
        ref={newField}
        label={texts.newPassword}
        description={texts.passwordRule}
        autoComplete="new-password"
        value={renewed}
        onChange={event => setRenewed(event.currentTarget.value)}
        required
        withAsterisk={false}
        error={weak}
        errorProps={{ role: "alert" }}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": `${texts.showPassword}: ${texts.newPassword}` }}
      />
      <Button type="submit" className={classes.act} loading={changing.isPending || changing.isSuccess}>
        {texts.changePassword}
      </Button>
    </form>
  );
}

async function change(old: string, renewed: string): Promise<void> {
  const body = { old, new: renewed };
  try {
    await api.POST("/portal/password", { body });
  } catch (error) {
    if (!(error instanceof Error && needsProof(error))) throw error;
    // What was just typed is a proof: nobody is asked for it twice.
    await api.POST("/portal/session/proof", { body: { password: old } });
    await api.POST("/portal/password", { body });
  }
}
