import { Button, NativeSelect, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { body, Problem } from "../api/client";
import { apiAt, type Place } from "../api/place";
import { clientQuery, sessionQuery } from "../api/queries";
import { Dialog, DialogActs } from "../pages/Dialog";
import { toPromotion } from "../place/place";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./PromotionPage.module.css";
import { DEPLOYED, type Deployment } from "./queries";

const LIVE = "live";
const LONGEST = 2000;

interface Props {
  place: Place;
  deployment: Deployment;
}

/** Has what runs here proposed elsewhere, where a second person decides; not from where it is real already. */
export function Propose({ place, deployment }: Props) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [isOpen, open] = useState(false);
  if (place.environment === LIVE || !session.permissions.includes("deployments:write")) return null;
  return (
    <div className={classes.acts}>
      <Button onClick={() => open(true)}>{texts.propose}</Button>
      <Dialog open={isOpen} close={() => open(false)} title={texts.proposeTitle(deployment.name)}>
        {isOpen && <Ask place={place} deployment={deployment} close={() => open(false)} />}
      </Dialog>
    </div>
  );
}

function Ask({ place, deployment, close }: Props & { close: () => void }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { data: client } = useQuery(clientQuery(place.client));
  const [environment, setEnvironment] = useState(LIVE);
  const [note, setNote] = useState("");
  const there = { client: place.client, environment };
  const proposing = useMutation({
    mutationFn: () =>
      body(
        apiAt(there).POST("/v1/promotions", {
          body: {
            from: { environment: place.environment, deployment: deployment.name },
            note: note.trim() || null,
          },
        }),
      ),
    onSuccess: made => {
      void queries.invalidateQueries({ queryKey: DEPLOYED });
      void navigate(toPromotion(there, made.id));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    proposing.mutate();
  };
  const words: Record<string, string> = texts.environments;
  const others = client?.tenants.map(one => one.environment).filter(one => one !== place.environment);
  const error = proposing.error;
  const errors = error instanceof Problem ? error.errors : [];
  return (
    <form onSubmit={submit}>
      <p>{texts.proposeBody}</p>
      <NativeSelect
        mt={12}
        label={texts.proposeTo}
        value={environment}
        data={(others ?? [LIVE]).map(value => ({ value, label: words[value] ?? value }))}
        onChange={event => setEnvironment(event.currentTarget.value)}
      />
      <Textarea
        mt={12}
        mb={16}
        label={texts.proposeNote}
        value={note}
        onChange={event => setNote(event.currentTarget.value)}
        maxLength={LONGEST}
        autosize
        minRows={2}
        maxRows={6}
        data-autofocus
      />
      {error && (
        <Refusal>
          {errors.length > 0
            ? `${texts.proposeRefused} ${errors.map(one => texts.refusalWords(one.detail)).join("; ")}`
            : (generalWords(texts, error) ?? error.message)}
        </Refusal>
      )}
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={proposing.isPending}>
          {texts.propose}
        </Button>
      </DialogActs>
    </form>
  );
}
