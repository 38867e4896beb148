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

function SignInForm() {
  const { texts } = useTexts();
  const { to } = useSearch({ from: "/sign-in" });
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [incomplete, setIncomplete] = useState(false);
  const passwordField = useRef<HTMLInputElement>(null);
  const queries = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  const entering = useMutation({
    mutationFn: () => body(api.POST("/portal/session", { body: { email: email.trim(), password } })),
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
    const lacking = email.trim() === "" || password === "";
    setIncomplete(lacking);
    if (!lacking) entering.mutate();
  };
  const complaint = incomplete ? texts.signInNeeds : entering.error && words(texts, entering.error);
  return (
    <form onSubmit={submit} className={classes.form} noValidate>
      <TextInput
        label={texts.email}
        type="email"
        autoComplete="username"
        value={email}
        onChange={event => setEmail(event.currentTarget.value)}
        size="md"
        autoFocus
        spellCheck={false}
        error={Boolean(complaint)}
      />
      <PasswordInput
        ref={passwordField}
        label={texts.password}
        autoComplete="current-password"
        value={password}
        onChange={event => setPassword(event.currentTarget.value)}
        size="md"
        error={Boolean(complaint)}
        aria-describedby={complaint ? "complaint" : undefined}
        visibilityToggleButtonProps={{ "aria-label": texts.password }}
      />
      <div role="alert" id="complaint">
        {complaint && <p className={classes.complaint}>{complaint}</p>}
      </div>
      <Button type="submit" size="md" fullWidth loading={entering.isPending}>
        {texts.signIn}
      </Button>
    </form>
  );
}

function words(texts: Texts, error: Error): string {
  if (error instanceof Unreachable) return texts.unreachableBody;
  if (!(error instanceof Problem)) return texts.errorBody;
  if (error.status === 401) return texts.signInFailed;
  if (error.status === 429) return texts.signInLater(Math.ceil((error.retryAfter ?? 60) / 60));
  if (error.status === 422 || error.status === 400) return texts.signInFailed;
  return error.message;
}
