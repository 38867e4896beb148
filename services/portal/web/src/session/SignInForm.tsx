import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, Problem } from "../api/client";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./DoorPage.module.css";
import { begun, useEntered } from "./entered";
import { generalWords, isAbout } from "./words";

const PASSWORD = "password";

/** Address and password; the code of a second factor once it is asked for. */
export function SignInForm() {
  const { texts } = useTexts();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asksCode, setAsksCode] = useState(false);
  const [lacking, setLacking] = useState({ email: false, password: false });
  const emailField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const entered = useEntered();
  const entering = useMutation({
    mutationFn: (sent: string) => enter(email.trim(), password, sent),
    onSuccess: entered,
    onError: error => {
      if (isAbout(error, "second-factor")) setAsksCode(true);
      else passwordField.current?.select();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = { email: email.trim() === "", password: password === "" };
    setLacking(found);
    if (found.email) emailField.current?.focus();
    else if (found.password) passwordField.current?.focus();
    else entering.mutate(code.trim());
  };
  // Of the code that was sent: while another is being typed nothing is known of that yet.
  const told = entering.error && words(texts, entering.error, entering.variables !== "");
  // Where only the code is wanting, the other two were right.
  const isCode = entering.error !== null && isAbout(entering.error, "second-factor");
  const refused = isCode ? null : told;
  const lacks = lacking.email || lacking.password;
  return (
    <form onSubmit={submit} className={classes.form} noValidate>
      <TextInput
        ref={emailField}
        label={texts.email}
        type="email"
        autoComplete="username"
        value={email}
        onChange={event => setEmail(event.currentTarget.value)}
        size="md"
        autoFocus
        spellCheck={false}
        error={lacking.email ? texts.emailNeeded : !lacks && Boolean(refused)}
        errorProps={{ role: "alert" }}
        // What was wrong with both stands below both, and belongs to each.
        attributes={{ input: !lacks && refused ? { "aria-describedby": `${PASSWORD}-error` } : {} }}
      />
      <PasswordInput
        id={PASSWORD}
        ref={passwordField}
        label={texts.password}
        autoComplete="current-password"
        value={password}
        onChange={event => setPassword(event.currentTarget.value)}
        size="md"
        error={lacks ? lacking.password && texts.passwordNeeded : refused}
        errorProps={{ role: "alert", className: lacks ? "" : (classes.complaint ?? "") }}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": texts.showPassword }}
      />
      {asksCode && (
        <TextInput
          label={texts.code}
          description={texts.codeHint}
          autoComplete="one-time-code"
          inputMode="text"
          value={code}
          onChange={event => setCode(event.currentTarget.value)}
          size="md"
          autoFocus
          spellCheck={false}
          error={isCode && told}
          errorProps={{ role: "alert" }}
        />
      )}
      <Button type="submit" size="md" fullWidth loading={entering.isPending}>
        {texts.signIn}
      </Button>
    </form>
  );
}

async function enter(email: string, password: string, code: string) {
  await api.POST("/portal/session", { body: { email, password, ...(code ? { code } : {}) } });
  return begun();
}

function words(texts: Texts, error: Error, withCode: boolean): string {
  const general = generalWords(texts, error);
  if (general !== null) return general;
  if (isAbout(error, "second-factor")) return withCode ? texts.codeFailed : texts.codeNeeded;
  const refused = error instanceof Problem && [400, 401, 422].includes(error.status);
  return refused ? texts.signInFailed : error.message;
}
