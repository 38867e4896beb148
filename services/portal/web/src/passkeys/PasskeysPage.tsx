import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { brandQuery, type Passkey, passkeysQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { knowsPasskeys } from "../session/passkey";
import { useResumed } from "../session/resuming";
import { PasskeyIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { AddPasskey } from "./AddPasskey";
import { PasskeyList } from "./PasskeyList";
import classes from "./PasskeysPage.module.css";
import { RemovePasskey } from "./RemovePasskey";

/** The account's own passkeys: added, known by their names, removed. */
export function PasskeysPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: passkeys, error, refetch } = useQuery(passkeysQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [toAdd, setToAdd] = useState(useResumed("add-passkey", session.account.id));
  const toRemove = useResumed("remove-passkey", session.account.id);
  // A device is asked only where somebody presses for it, so the dialog stands open once more.
  const [adding, setAdding] = useState(toAdd !== null);
  const [added, setAdded] = useState("");
  const [removing, setRemoving] = useState<Passkey | null>(toRemove?.passkey ?? null);
  useEffect(() => {
    document.title = `${texts.passkeys} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !passkeys) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1 className={classes.title}>{texts.passkeys}</h1>
        {knowsPasskeys() && <Button onClick={() => setAdding(true)}>{texts.addPasskey}</Button>}
      </div>
      <p className={classes.lead}>{texts.passkeysBody(location.hostname)}</p>
      {!knowsPasskeys() && <p className={classes.unsupported}>{texts.passkeysUnsupported}</p>}
      <p role="status" className={classes.added}>
        {added && texts.passkeyAdded(added)}
      </p>
      {!passkeys ? (
        <LinesSkeleton lines={2} />
      ) : passkeys.items.length === 0 ? (
        <Notice icon={<PasskeyIcon />} title={texts.noPasskeysTitle} body={texts.noPasskeysBody} />
      ) : (
        <PasskeyList passkeys={passkeys.items} onRemove={setRemoving} />
      )}
      <AddPasskey
        open={adding}
        resumed={toAdd}
        close={() => {
          setAdding(false);
          setToAdd(null);
        }}
        known={passkeys?.items ?? []}
        onAdded={made => {
          setAdding(false);
          setAdded(made.name);
        }}
      />
      <RemovePasskey
        passkey={removing}
        resumed={removing === toRemove?.passkey ? toRemove : null}
        close={() => setRemoving(null)}
      />
    </div>
  );
}
