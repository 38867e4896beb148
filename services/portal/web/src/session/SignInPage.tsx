import { Button } from "@mantine/core";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, providersQuery, sessionQuery } from "../api/queries";
import { PasskeyIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { DoorPage } from "./DoorPage";
import classes from "./DoorPage.module.css";
import { begun, useEntered } from "./entered";
import { leaveFor } from "./leave";
import { enterByPasskey, stopAsking } from "./passkey";
import { Refusal } from "./Refusal";
import { SignInForm } from "./SignInForm";
import { passkeyWords } from "./words";

export function SignInPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { ended, failed, told } = useSearch({ from: "/sign-in" });
  const note = ended ? texts.sessionEnded : told && texts.told[told];
  useEffect(() => {
    document.title = `${texts.signIn} · ${brand.name}`;
  }, [texts, brand]);
  const isIn = useIsIn(failed === "sign-in-stale");
  if (isIn) return <StillSignedIn />;
  return (
    <DoorPage title={texts.signInTo(brand.name)}>
      {note && (
        <p className={classes.note} role="status">
          {note}
        </p>
      )}
      {failed && (
        <div className={classes.before}>
          <Refusal>{texts.failed[failed] ?? texts.failedOther}</Refusal>
        </div>
      )}
      <SignInForm />
      <div className={classes.providers}>
        <span className={classes.or}>{texts.or}</span>
        <Passkey />
        <Providers />
      </div>
    </DoorPage>
  );
}

/** Whether somebody is signed in all the same; asked only where that may be. */
function useIsIn(mayBe: boolean): boolean {
  return useQuery({ ...sessionQuery, enabled: mayBe }).isSuccess && mayBe;
}

/** For who left to prove who they are and came back too late: nothing was done, and their session goes on. */
function StillSignedIn() {
  const { texts } = useTexts();
  return (
    <DoorPage title={texts.stillSignedIn}>
      <p className={classes.note} role="status">
        {texts.stillSignedInBody}
      </p>
      <Button component="a" href="/" size="md" fullWidth>
        {texts.goOn}
      </Button>
    </DoorPage>
  );
}

/** Asks for whichever passkey the person has here. Shown by every browser: one that cannot says so. */
function Passkey() {
  const { texts } = useTexts();
  const entered = useEntered();
  const entering = useMutation({
    mutationFn: async () => {
      await enterByPasskey();
      return begun();
    },
    onSuccess: entered,
  });
  useEffect(() => stopAsking, []);
  return (
    <>
      <Button
        variant="default"
        size="md"
        fullWidth
        leftSection={<PasskeyIcon />}
        loading={entering.isPending}
        onClick={() => entering.mutate()}
      >
        {texts.withPasskey}
      </Button>
      {entering.error && <Refusal>{passkeyWords(texts, entering.error, texts.passkeyFailed)}</Refusal>}
    </>
  );
}

/** The partner's own, and one that a link named. Without any, nothing is here. */
function Providers() {
  const { texts } = useTexts();
  const { to, provider } = useSearch({ from: "/sign-in" });
  const { data: choice } = useQuery(providersQuery(provider ? { also: provider } : {}));
  const leaving = useMutation({ mutationFn: (id: string) => leaveFor(id, { to: to ?? "/" }) });
  return (
    <>
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
      {leaving.error && <Refusal>{texts.failed["provider-away"]}</Refusal>}
    </>
  );
}
