import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, body, Problem, Unreachable } from "../api/client";
import { brandQuery, sessionQuery } from "../api/queries";
import { BrandMark } from "../frame/BrandMark";
import { LanguageChoice } from "../frame/LanguageChoice";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./SignInPage.module.css";

export function SignInPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { ended } = useSearch({ from: "/sign-in" });
  useEffect(() => {
    document.title = `${texts.signIn} · ${brand.name}`;
  }, [texts, brand]);
  return (
    <div className={classes.page}>
      <main className={classes.card}>
        <BrandMark brand={brand} size={40} />
        <h1 className={classes.title}>{texts.signInTo(brand.name)}</h1>
        {ended && (
          <p className={classes.note} role="status">
            {texts.sessionEnded}
          </p>
        )}
        <SignInForm />
        {brand.support_email && (
          <p className={classes.help}>
            {texts.needHelp} <a href={`mailto:${brand.support_email}`}>{brand.support_email}</a>
          </p>
        )}
      </main>
      <footer className={classes.foot}>
        <LanguageChoice />
      </footer>
    </div>
  );
}

const PASSWORD = "password";

function SignInForm() {
  const { texts } = useTexts();
  const { to } = useSearch({ from: "/sign-in" });
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [lacking, setLacking] = useState({ email: false, password: false });
  const emailField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const queries = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const entering = useMutation({
    mutationFn: () => enter(email.trim(), password),
    onSuccess: async session => {
      // The way back leads here too, with what was read for whoever was signed in.
      queries.removeQueries({ predicate: query => query.queryKey[0] !== "brand" });
      queries.setQueryData(sessionQuery.queryKey, session);
      if (to) router.history.push(to);
      else await navigate({ to: "/runs" });
    },
    onError: () => passwordField.current?.select(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = { email: email.trim() === "", password: password === "" };
    setLacking(found);
    if (found.email) emailField.current?.focus();
    else if (found.password) passwordField.current?.focus();
    else entering.mutate();
  };
  const refused = entering.error && words(texts, entering.error);
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
      <Button type="submit" size="md" fullWidth loading={entering.isPending}>
        {texts.signIn}
      </Button>
    </form>
  );
}

/** The sign-in was good, and the browser did not keep what says so. */
class CookieRefused extends Error {}

async function enter(email: string, password: string) {
  await api.POST("/portal/session", { body: { email, password } });
  try {
    return await body(api.GET("/portal/session"));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) throw new CookieRefused();
    throw error;
  }
}

function words(texts: Texts, error: Error): string {
  if (error instanceof CookieRefused) return texts.cookieRefused;
  if (error instanceof Unreachable) return texts.unreachableBody;
  if (!(error instanceof Problem)) return texts.errorBody;
  if (error.status === 401) return texts.signInFailed;
  if (error.status === 429) return texts.signInLater(Math.ceil((error.retryAfter ?? 60) / 60));
  if (error.status === 422 || error.status === 400) return texts.signInFailed;
  return error.message;
}
