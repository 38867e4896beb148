import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { body, Problem } from "../api/client";
import { apiAt } from "../api/place";
import { sessionQuery } from "../api/queries";
import { type Connection, type ConnectorDetail, usersQuery } from "../connectors/queries";
import { useLimitWords } from "../connectors/Settings";
import { Form } from "../form/Form";
import type { Wrong } from "../form/view";
import { Dialog } from "../pages/Dialog";
import { usePlace } from "../place/place";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { useAtOnce, useResumed } from "../session/resuming";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./ConnectionsPage.module.css";
import { type Care, careOf, careView, placedCare } from "./care";
import { HEALTH } from "./queries";

/** Changes whose a connection is, what its calls are held to, and what is read in its place. */
export function CareForm({ connector, known }: { connector: ConnectorDetail; known: Connection }) {
  const { texts } = useTexts();
  const place = usePlace();
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: others } = useQuery(usersQuery(place, known.connector));
  const [found, setFound] = useState<readonly Wrong[]>([]);
  const said = useLimitWords(connector.limits).join(", ");
  const saving = useMutation({
    mutationFn: (care: Partial<Care>) =>
      body(
        apiAt(place).PATCH("/v1/connections/{connection}", {
          params: { path: { connection: known.id } },
          body: care,
        }),
      ),
    onSuccess: () => setFound([]),
    onError: error => setFound(error instanceof Problem ? placedCare(error.errors) : []),
    onSettled: async () => {
      for (const queryKey of [["connections"], HEALTH]) await queries.invalidateQueries({ queryKey });
    },
  });
  const resumed = useResumed("care", session.account.id);
  const ours = resumed?.connection === known.id ? resumed : null;
  useAtOnce(ours, () => ours && saving.mutate(ours.care));
  const { owner, limits, fallback } = known;
  const held = JSON.stringify([owner, limits, fallback, others?.items.map(one => one.id)]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is filled in stays while all of this is as it was
  const view = useMemo(() => careView(known, others?.items ?? [], said, texts.care), [held, said, texts]);
  const unproved = needsProof(saving.error);
  const last = saving.variables;
  return (
    <>
      <Form
        key={held}
        view={view}
        acts={[{ outcome: "save", label: texts.care.save }]}
        quiet
        refused={found}
        busy={saving.isPending ? "save" : null}
        onAnswer={(_, values) => {
          const { care, wrong } = careOf(values, texts.care);
          setFound(wrong);
          if (wrong.length === 0) saving.mutate(care);
        }}
      />
      <p role="status" className={classes.told}>
        {saving.isSuccess && texts.care.saved}
      </p>
      {saving.error && !unproved && found.length === 0 ? (
        <Refusal>{generalWords(texts, saving.error) ?? saving.error.message}</Refusal>
      ) : (
        <ProofFailed of={saving.isIdle ? ours : null} />
      )}
      <Dialog open={unproved} close={saving.reset} title={texts.proveTitle}>
        {last && (
          <ProofForm
            act={{ kind: "care", connection: known.id, care: last }}
            onProved={() => saving.mutate(last)}
          />
        )}
      </Dialog>
    </>
  );
}
