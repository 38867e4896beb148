import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body, Problem } from "../api/client";
import { Dialog, DialogActs } from "../pages/Dialog";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { type Resumed, useAtOnce } from "../session/resuming";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import { endpointsQuery, type MadeEndpoint } from "./queries";
import { SecretOnce } from "./SecretOnce";

const LONGEST = { url: 2000, description: 200 };

interface Props {
  /** What was entered before the person left to prove who they are; null: nothing yet. */
  resumed: Resumed<"add-endpoint"> | null;
  close: () => void;
}

/** Asks where to and which events, and who the person is where that is long ago; then shows the secret, this once. */
export function AddEndpoint({ open, resumed, close }: Props & { open: boolean }) {
  const { texts } = useTexts();
  const [made, setMade] = useState<MadeEndpoint | null>(null);
  const leave = () => {
    close();
    setMade(null);
  };
  return (
    <Dialog open={open} close={leave} title={made ? texts.secretTitle : texts.addEndpoint}>
      {made ? (
        <SecretOnce secret={made.secret} body={texts.endpointSecretBody} close={leave} />
      ) : (
        <EndpointForm resumed={resumed} close={leave} onMade={setMade} />
      )}
    </Dialog>
  );
}

const list = (text: string): string[] =>
  text
    .split(/[\s,]+/)
    .map(one => one.trim())
    .filter(one => one !== "");

function EndpointForm({ resumed, close, onMade }: Props & { onMade: (made: MadeEndpoint) => void }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [url, setUrl] = useState(resumed?.url ?? "https://");
  const [types, setTypes] = useState(resumed?.types ?? "*");
  const [description, setDescription] = useState(resumed?.description ?? "");
  const [tried, setTried] = useState(false);
  const adding = useMutation({
    mutationFn: () =>
      body(
        api.POST("/v1/webhook-endpoints", {
          body: { url: url.trim(), types: list(types), description: description.trim() },
        }),
      ),
    onSuccess: onMade,
    onSettled: () => queries.invalidateQueries({ queryKey: endpointsQuery.queryKey }),
  });
  const lacks = { url: !/^https?:\/\/./.test(url.trim()), types: list(types).length === 0 };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!lacks.url && !lacks.types) adding.mutate();
  };
  useAtOnce(resumed, adding.mutate);
  if (needsProof(adding.error)) {
    const act = { kind: "add-endpoint", url, types, description } as const;
    return <ProofForm act={act} onProved={() => adding.mutate()} />;
  }
  const about = (name: string) =>
    adding.error instanceof Problem && adding.error.type === `/problems/${name}` ? adding.error : null;
  const refused = about("destination-refused");
  const wrongTypes = about("invalid-webhook-endpoint");
  const full = about("too-many-webhook-endpoints");
  return (
    <form onSubmit={submit} noValidate>
      <TextInput
        label={texts.endpointUrl}
        description={texts.endpointUrlHint}
        value={url}
        onChange={event => setUrl(event.currentTarget.value)}
        maxLength={LONGEST.url}
        autoComplete="off"
        inputMode="url"
        data-autofocus
        error={tried && lacks.url ? texts.endpointUrlNeeded : refused && texts.endpointUrlRefused}
        errorProps={{ role: "alert" }}
      />
      <TextInput
        mt={16}
        label={texts.endpointTypes}
        description={texts.endpointTypesHint}
        value={types}
        onChange={event => setTypes(event.currentTarget.value)}
        autoComplete="off"
        error={tried && lacks.types ? texts.endpointTypesNeeded : wrongTypes && texts.endpointTypesWrong}
        errorProps={{ role: "alert" }}
      />
      <TextInput
        mt={16}
        mb={16}
        label={texts.endpointDescription}
        value={description}
        onChange={event => setDescription(event.currentTarget.value)}
        maxLength={LONGEST.description}
        autoComplete="off"
      />
      {full && <Refusal>{texts.endpointsFull}</Refusal>}
      {adding.error && !refused && !wrongTypes && !full && (
        <Refusal>{generalWords(texts, adding.error) ?? texts.failedPlain}</Refusal>
      )}
      {!adding.error && <ProofFailed of={resumed} />}
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={adding.isPending}>
          {texts.addEndpoint}
        </Button>
      </DialogActs>
    </form>
  );
}
