import { Button } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { body } from "../api/client";
import { apiAt } from "../api/place";
import { sessionQuery } from "../api/queries";
import { Dialog, DialogActs } from "../pages/Dialog";
import { toChange, usePlace } from "../place/place";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { useAtOnce, useResumed } from "../session/resuming";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import { SecretOnce } from "../webhooks/SecretOnce";
import classes from "./ConnectionsPage.module.css";
import { type ConnectionHealth, HEALTH } from "./queries";
import { SwitchActs } from "./SwitchActs";

/**
 * Have it checked, disable or enable it; of one that a person authorises make the link for that, or remove what was
 * allowed. `here`: this is its own page.
 */
export function ConnectionActs({ one, here = false }: { one: ConnectionHealth; here?: boolean }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [removes, setRemoves] = useState(false);
  const place = usePlace();
  const there = { params: { path: { connection: one.id } } };
  const again = () => queries.invalidateQueries({ queryKey: HEALTH });
  const checking = useMutation({
    mutationFn: () => body(apiAt(place).POST("/v1/connections/{connection}/check", there)),
    onSettled: again,
  });
  const linking = useMutation({
    mutationFn: () =>
      body(apiAt(place).POST("/v1/connections/{connection}/authorization-link", { ...there, body: {} })),
    onSettled: again,
  });
  const removing = useMutation({
    mutationFn: () => body(apiAt(place).POST("/v1/connections/{connection}/authorization/remove", there)),
    onSuccess: () => setRemoves(false),
    onSettled: again,
  });
  const resumed = useResumed("authorize", session.account.id);
  const ours = resumed?.connection === one.id ? resumed : null;
  useAtOnce(ours, linking.mutate);
  const unproved = needsProof(linking.error);
  const error = checking.error ?? (unproved ? null : linking.error);
  const made = linking.data;
  return (
    <div className={classes.acts}>
      {one.operation !== null && one.state !== "disabled" && (
        <Button variant="default" size="xs" loading={checking.isPending} onClick={() => checking.mutate()}>
          {texts.checkNow}
        </Button>
      )}
      {one.authorization !== null && one.state !== "disabled" && (
        <Button
          variant={one.authorization === "held" ? "default" : "filled"}
          size="xs"
          loading={linking.isPending}
          onClick={() => linking.mutate()}
        >
          {texts.makeLink}
        </Button>
      )}
      {!here && (
        <Button
          variant="default"
          size="xs"
          aria-label={texts.changeOf(one.name)}
          renderRoot={props => <Link {...props} {...toChange(place, one.id)} />}
        >
          {texts.changeConnection}
        </Button>
      )}
      {one.authorization === "held" && (
        <Button variant="default" size="xs" onClick={() => setRemoves(true)}>
          {texts.removeAuthorization}
        </Button>
      )}
      <SwitchActs one={one} />
      {error ? (
        <Refusal>{generalWords(texts, error) ?? texts.failedPlain}</Refusal>
      ) : (
        <ProofFailed of={linking.isIdle ? ours : null} />
      )}
      <Dialog
        open={unproved || made !== undefined}
        close={linking.reset}
        title={made ? texts.linkTitle : texts.makeLink}
      >
        {made ? (
          <SecretOnce secret={made.link} body={texts.linkBody} close={linking.reset} />
        ) : (
          <ProofForm act={{ kind: "authorize", connection: one.id }} onProved={() => linking.mutate()} />
        )}
      </Dialog>
      <Dialog open={removes} close={() => setRemoves(false)} title={texts.removeAuthorization}>
        <p>{texts.removeAuthorizationBody(one.title)}</p>
        {removing.error && <Refusal>{generalWords(texts, removing.error) ?? texts.failedPlain}</Refusal>}
        <DialogActs>
          <Button variant="default" onClick={() => setRemoves(false)} data-autofocus>
            {texts.cancel}
          </Button>
          <Button loading={removing.isPending} onClick={() => removing.mutate()}>
            {texts.removeShort}
          </Button>
        </DialogActs>
      </Dialog>
    </div>
  );
}
