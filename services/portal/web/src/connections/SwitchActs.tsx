import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { apiAt } from "../api/place";
import { sessionQuery } from "../api/queries";
import { Dialog, DialogActs } from "../pages/Dialog";
import { usePlace } from "../place/place";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { useAtOnce, useResumed } from "../session/resuming";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import { bindersQuery, type ConnectionHealth, HEALTH } from "./queries";

const NAMED = 3;

/** Disables a connection, after saying what stops then, or enables it again. */
export function SwitchActs({ one }: { one: ConnectionHealth }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const place = usePlace();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [asks, setAsks] = useState(false);
  const there = { params: { path: { connection: one.id } } };
  const again = async () => {
    for (const queryKey of [HEALTH, ["connections"], ["readiness"]])
      await queries.invalidateQueries({ queryKey });
  };
  const disabling = useMutation({
    mutationFn: () => apiAt(place).POST("/v1/connections/{connection}/disable", there),
    onSuccess: () => setAsks(false),
    onSettled: again,
  });
  const enabling = useMutation({
    mutationFn: () => apiAt(place).POST("/v1/connections/{connection}/enable", there),
    onSettled: again,
  });
  const resumed = useResumed("enable-connection", session.account.id);
  const ours = resumed?.connection === one.id ? resumed : null;
  useAtOnce(ours, enabling.mutate);
  const unproved = needsProof(enabling.error);
  const leave = () => {
    setAsks(false);
    disabling.reset();
  };
  return (
    <>
      {one.state === "disabled" ? (
        <Button
          variant="default"
          size="xs"
          loading={enabling.isPending}
          aria-label={`${texts.enable} ${one.name}`}
          onClick={() => enabling.mutate()}
        >
          {texts.enable}
        </Button>
      ) : (
        <Button
          variant="default"
          size="xs"
          aria-label={`${texts.disable} ${one.name}`}
          onClick={() => setAsks(true)}
        >
          {texts.disable}
        </Button>
      )}
      {enabling.error && !unproved ? (
        <Refusal>{generalWords(texts, enabling.error) ?? texts.failedPlain}</Refusal>
      ) : (
        <ProofFailed of={enabling.isIdle ? ours : null} />
      )}
      <Dialog open={unproved} close={enabling.reset} title={texts.enable}>
        <ProofForm
          act={{ kind: "enable-connection", connection: one.id }}
          onProved={() => enabling.mutate()}
        />
      </Dialog>
      <Dialog open={asks} close={leave} title={texts.disableConnectionTitle(one.name)}>
        <p>{texts.disableConnectionBody}</p>
        {session.permissions.includes("deployments:read") && <Binders connection={one.id} />}
        {disabling.error && <Refusal>{generalWords(texts, disabling.error) ?? texts.failedPlain}</Refusal>}
        <DialogActs>
          <Button variant="default" onClick={leave} data-autofocus>
            {texts.cancel}
          </Button>
          <Button loading={disabling.isPending} onClick={() => disabling.mutate()}>
            {texts.disable}
          </Button>
        </DialogActs>
      </Dialog>
    </>
  );
}

/** How many deployments need it, and the first of their names. */
function Binders({ connection }: { connection: string }) {
  const { texts } = useTexts();
  const { data: names } = useQuery(bindersQuery(usePlace(), connection));
  if (!names) return null;
  const first = names.slice(0, NAMED).join(", ");
  const more = names.length - NAMED;
  return (
    <p>
      {names.length === 0
        ? texts.usedByNone
        : texts.usedBy(names.length, more > 0 ? texts.usedMore(first, more) : first)}
    </p>
  );
}
