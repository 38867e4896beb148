import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { api, body, Problem } from "../api/client";
import { brandQuery, providersQuery } from "../api/queries";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import { DoorPage } from "./DoorPage";
import classes from "./DoorPage.module.css";
import { leaveFor } from "./leave";
import { Refusal } from "./Refusal";
import { generalWords, weakWords } from "./words";

/** Looking at this page opens nothing: a person says so first, since programs look at links, too. */
export function InvitationPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const opening = useMutation({
    mutationFn: async () => {
      const found = await body(api.POST("/portal/invitation", { body: { token: location.hash.slice(1) } }));
      // The text is not for the history of the browser.
      history.replaceState(history.state, "", "/invitation");
      return found;
    },
  });
  useEffect(() => {
    document.title = `${texts.invitation} · ${brand.name}`;
  }, [texts, brand]);
  const over = opening.error instanceof Problem && opening.error.status === 404;
  if (opening.data) {
    return (
      <DoorPage title={texts.invitedTo(brand.name)}>
        <p className={classes.lead}>
          <span className={classes.invited}>{texts.invitationFor(opening.data.name)}</span>
          {opening.data.email}
        </p>
        <AcceptForm email={opening.data.email} />
      </DoorPage>
    );
  }
  if (over) {
    return (
      <DoorPage title={texts.invitation}>
        <Refusal>{texts.invitationOver}</Refusal>
      </DoorPage>
    );
  }
  return (
    <DoorPage title={texts.invitedTo(brand.name)}>
      <p className={classes.lead}>{texts.invitedBody}</p>
      <div className={classes.form}>
        {opening.error && <Refusal>{words(texts, opening.error)}</Refusal>}
        <Button size="md" fullWidth loading={opening.isPending} onClick={() => opening.mutate()}>
          {texts.openInvitation}
        </Button>
      </div>
    </DoorPage>
  );
}

function AcceptForm({ email }: { email: string }) {
  const { texts } = useTexts();
  const [password, setPassword] = useState("");
  const { data: choice } = useQuery(providersQuery({ for: "accept" }));
  const accepting = useMutation({
    mutationFn: () => api.POST("/portal/invitation/accept", { body: { password } }),
    onSuccess: () => location.assign("/"),
  });
  const leaving = useMutation({ mutationFn: (id: string) => leaveFor(id, { accept: true }) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    accepting.mutate();
  };
  const error = accepting.error ?? leaving.error;
  const weak = accepting.error && weakWords(texts, accepting.error);
  return (
    <form onSubmit={submit} className={classes.form}>
      <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
      {error && !weak && <Refusal>{words(texts, error)}</Refusal>}
      <PasswordInput
        label={texts.choosePassword}
        description={texts.passwordRule}
        autoComplete="new-password"
        value={password}
        onChange={event => setPassword(event.currentTarget.value)}
        size="md"
        required
        withAsterisk={false}
        autoFocus
        error={weak}
        errorProps={{ role: "alert" }}
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": texts.showPassword }}
      />
      <Button type="submit" size="md" fullWidth loading={accepting.isPending}>
        {texts.acceptInvitation}
      </Button>
      {Boolean(choice?.items.length) && <span className={classes.or}>{texts.or}</span>}
      {choice?.items.map(one => (
        <Button
          key={one.id}
          className={classes.wide}
          variant="default"
          size="md"
          fullWidth
          loading={leaving.isPending && leaving.variables === one.id}
          onClick={() => leaving.mutate(one.id)}
        >
          {texts.signInWith(one.name)}
        </Button>
      ))}
    </form>
  );
}

function words(texts: Texts, error: Error): string {
  const general = generalWords(texts, error);
  if (general !== null) return general;
  if (!(error instanceof Problem)) return texts.failedPlain;
  return error.status === 404 ? texts.invitationOver : error.message;
}
