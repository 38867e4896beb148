import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { body, Problem } from "../api/client";
import { apiAt } from "../api/place";
import { sessionQuery } from "../api/queries";
import { HEALTH } from "../connections/queries";
import { Form } from "../form/Form";
import type { Wrong } from "../form/view";
import { Dialog } from "../pages/Dialog";
import { usePlace } from "../place/place";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { type Resumed, useResumed } from "../session/resuming";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import { Checked } from "./Checked";
import classes from "./ConnectorPage.module.css";
import { connectionForm, type Entered, entered, NAME, named, placed } from "./connectionForm";
import { type Connection, type ConnectorDetail, oneHealthQuery } from "./queries";

interface Props {
  connector: ConnectorDetail;
  /** Null: a new one is made. */
  known: Connection | null;
}

/** Makes a connection, or changes one; it is checked as it is saved, and what is wrong is said at the field. */
export function ConnectForm({ connector, known }: Props) {
  const { texts } = useTexts();
  const place = usePlace();
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const resumed = useResumed("connect", session.account.id);
  const [saved, setSaved] = useState<Connection | null>(null);
  const [found, setFound] = useState<readonly Wrong[]>([]);
  const [checked, setChecked] = useState("");
  const present = saved ?? known;
  const ours = saved === null && isOf(resumed, connector, known) ? resumed : null;
  const view = useMemo(() => {
    const words = { ...texts.connectForm, byDefault: texts.parameterDefault };
    const form = connectionForm(connector, present, words, ours?.settings);
    return ours ? { ...form, values: { ...form.values, [NAME]: ours.name } } : form;
  }, [connector, present, ours, texts]);
  const saving = useMutation({
    mutationFn: ({ name, settings, secrets }: Entered) =>
      present
        ? body(
            apiAt(place).PATCH("/v1/connections/{connection}", {
              params: { path: { connection: present.id } },
              body: { settings, secrets },
            }),
          )
        : body(
            apiAt(place).POST("/v1/connections", {
              body: { name: name.trim(), connector: connector.name, settings, secrets },
            }),
          ),
    onSuccess: made => {
      setFound([]);
      setChecked("");
      // What was found before says nothing of what it is now.
      queries.removeQueries({ queryKey: oneHealthQuery(place, made.id).queryKey });
      setSaved(made);
    },
    onError: error => setFound(error instanceof Problem ? placed(connector, error.errors) : []),
    onSettled: () => {
      for (const key of [["connections"], HEALTH, ["readiness"]])
        void queries.invalidateQueries({ queryKey: key });
    },
  });
  const last = saving.variables;
  const answer = (_: string, values: Record<string, unknown>) => {
    const { told, wrong } = entered(connector, values, texts.connectForm);
    setFound(wrong);
    if (wrong.length === 0) saving.mutate(told);
  };
  const unproved = needsProof(saving.error);
  const isTaken = isAbout(saving.error, "name-taken");
  const refused = isTaken ? [{ pointer: `/${NAME}`, detail: texts.connectionTaken }] : found;
  return (
    <>
      {saved && (
        <Checked
          connector={connector}
          connection={saved}
          onFailed={detail => {
            if (detail === checked) return;
            setChecked(detail);
            setFound(named(connector, detail).map(pointer => ({ pointer, detail })));
          }}
        />
      )}
      {ours && (
        <p className={classes.again}>
          {texts.secretsAgain} <ProofFailed of={ours} />
        </p>
      )}
      <Form
        key={present?.revision ?? 0}
        view={view}
        acts={[{ outcome: "save", label: present ? texts.saveConnection : texts.makeConnection }]}
        refused={refused}
        busy={saving.isPending ? "save" : null}
        onAnswer={answer}
      />
      {saving.error && !unproved && !isTaken && refused.length === 0 && (
        <Refusal>{generalWords(texts, saving.error) ?? saving.error.message}</Refusal>
      )}
      <Dialog open={unproved} close={saving.reset} title={texts.proveTitle}>
        {last && (
          <ProofForm
            // Secrets are kept nowhere: whoever proves it elsewhere enters them again.
            act={
              // A page that has made one already would make another when it is come back to.
              saved
                ? null
                : {
                    kind: "connect",
                    connector: connector.name,
                    name: known?.name ?? last.name,
                    settings: last.settings,
                  }
            }
            onProved={() => saving.mutate(last)}
          />
        )}
      </Dialog>
    </>
  );
}

const isOf = (
  resumed: Resumed<"connect"> | null,
  connector: ConnectorDetail,
  known: Connection | null,
): boolean => resumed?.connector === connector.name && (known === null || known.name === resumed.name);
