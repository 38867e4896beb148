import { Button } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "../api/client";
import { sessionQuery } from "../api/queries";
import { Dialog, DialogActs } from "../pages/Dialog";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { type EndpointAct, useAtOnce, useResumed } from "../session/resuming";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./EndpointActs.module.css";
import { type Endpoint, endpointsQuery, type MadeEndpoint } from "./queries";
import { SecretOnce } from "./SecretOnce";

type Asked = Exclude<EndpointAct, "enable">;
const DAYS_KEPT = 30;
const DAY = 86_400_000;
const OVERLAP = 86_400;

/** What can be done with an endpoint; what cannot be taken back is asked in between. */
export function EndpointActs({ endpoint }: { endpoint: Endpoint }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asked, ask] = useState<Asked | null>(null);
  const [made, setMade] = useState<MadeEndpoint | null>(null);
  const [sent, setSent] = useState<number | null>(null);
  const place = { params: { path: { endpoint: endpoint.id } } };
  const again = () => queries.invalidateQueries({ queryKey: endpointsQuery.queryKey });
  const replaying = useMutation({
    mutationFn: () => {
      const now = Date.now();
      const between = { since: iso(now - DAYS_KEPT * DAY), until: iso(now), which: "missed" as const };
      return body(api.POST("/v1/webhook-endpoints/{endpoint}/replay", { ...place, body: between }));
    },
    onSuccess: answer => setSent(answer.messages),
    onSettled: again,
  });
  const acting = useMutation({
    mutationFn: async (what: EndpointAct) => {
      if (what === "enable") await api.POST("/v1/webhook-endpoints/{endpoint}/enable", place);
      if (what === "disable") await api.POST("/v1/webhook-endpoints/{endpoint}/disable", place);
      if (what === "remove") await api.POST("/v1/webhook-endpoints/{endpoint}/remove", place);
      if (what !== "rotate") return null;
      return body(
        api.POST("/v1/webhook-endpoints/{endpoint}/rotate", { ...place, body: { overlap_seconds: OVERLAP } }),
      );
    },
    onSuccess: async (answer, what) => {
      ask(null);
      setMade(answer);
      if (what === "remove") await navigate({ to: "/webhooks" });
      await again();
    },
  });
  const { data: session } = useSuspenseQuery(sessionQuery);
  const resumed = useResumed("endpoint", session.account.id);
  const ours = resumed?.endpoint === endpoint.id ? resumed : null;
  useAtOnce(ours, () => ours && acting.mutate(ours.what));
  const unproved = needsProof(acting.error) ? acting.variables : undefined;
  const leave = () => {
    ask(null);
    acting.reset();
  };
  const error = replaying.error ?? (asked || unproved ? null : acting.error);
  const isOn = endpoint.status === "active";
  return (
    <div className={classes.acts}>
      {isOn ? (
        <>
          <Button
            variant="default"
            size="xs"
            loading={replaying.isPending}
            onClick={() => replaying.mutate()}
          >
            {texts.replayMissed}
          </Button>
          <Button variant="default" size="xs" onClick={() => ask("disable")}>
            {texts.disable}
          </Button>
        </>
      ) : (
        <Button size="xs" loading={acting.isPending && !asked} onClick={() => acting.mutate("enable")}>
          {texts.enable}
        </Button>
      )}
      <Button variant="default" size="xs" onClick={() => ask("rotate")}>
        {texts.rotateSecret}
      </Button>
      {!isOn && (
        <Button variant="default" size="xs" onClick={() => ask("remove")}>
          {texts.removeShort}
        </Button>
      )}
      <p role="status" className={classes.told}>
        {sent !== null && texts.replayed(sent)}
      </p>
      {error ? (
        <Refusal>{generalWords(texts, error) ?? texts.failedPlain}</Refusal>
      ) : (
        <ProofFailed of={acting.isIdle ? ours : null} />
      )}
      <Dialog
        open={asked !== null || unproved !== undefined}
        close={leave}
        title={asked ? texts.endpointAsk[asked].title : texts.enable}
      >
        {unproved ? (
          <ProofForm
            act={{ kind: "endpoint", endpoint: endpoint.id, what: unproved }}
            onProved={() => acting.mutate(unproved)}
          />
        ) : (
          asked && (
            <>
              <p>{texts.endpointAsk[asked].body}</p>
              {acting.error && <Refusal>{generalWords(texts, acting.error) ?? texts.failedPlain}</Refusal>}
              <DialogActs>
                <Button variant="default" onClick={leave} data-autofocus>
                  {texts.cancel}
                </Button>
                <Button loading={acting.isPending} onClick={() => acting.mutate(asked)}>
                  {texts.endpointAsk[asked].act}
                </Button>
              </DialogActs>
            </>
          )
        )}
      </Dialog>
      <Dialog open={made !== null} close={() => setMade(null)} title={texts.secretTitle}>
        {made && (
          <SecretOnce secret={made.secret} body={texts.secretRotatedBody} close={() => setMade(null)} />
        )}
      </Dialog>
    </div>
  );
}

const iso = (moment: number): string => new Date(moment).toISOString();
