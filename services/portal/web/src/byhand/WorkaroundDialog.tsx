import { Button, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body, Problem } from "../api/client";
import { Owner } from "../exceptions/Owner";
import { Dialog, DialogActs } from "../pages/Dialog";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import { WORKAROUNDS, type Workaround, type WorkaroundAction } from "./queries";

export interface Doing {
  action: WorkaroundAction;
  one: Workaround;
  name: string;
}

/** Ends a workaround, puts its last day off with a reason, or gives it to somebody. */
export function WorkaroundDialog({ doing, me, close }: { doing: Doing; me: string; close: () => void }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { action, one, name } = doing;
  const [words, setWords] = useState("");
  const [day, setDay] = useState(one.retire_on);
  const [owner, setOwner] = useState(`account:${me}`);
  const acting = useMutation({
    mutationFn: () =>
      body(
        api.POST("/v1/workarounds/{workaround}/act", {
          params: { path: { workaround: one.id } },
          body: {
            action,
            seen: one.changes,
            ...(words.trim() ? { words: words.trim() } : {}),
            ...(action === "assign" ? { owner } : {}),
            ...(action === "postpone" ? { retire_on: day } : {}),
          },
        }),
      ),
    // What is listed is the present before anything else can be asked of it.
    onSettled: () => queries.invalidateQueries({ queryKey: WORKAROUNDS }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: WORKAROUNDS });
      close();
    },
  });
  const lacks = action === "postpone" && (!words.trim() || !day);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!lacks) acting.mutate();
  };
  const wrong = acting.error;
  return (
    <Dialog open close={close} title={texts.workaroundActs[action].act}>
      <form onSubmit={submit} noValidate>
        <p>
          <strong>{name}</strong>
        </p>
        <p>{texts.workaroundActs[action].body}</p>
        {action === "assign" && <Owner me={me} owner={owner} set={setOwner} must />}
        {action === "postpone" && (
          <TextInput
            mt={12}
            type="date"
            label={texts.workaroundColumns.until}
            value={day}
            onChange={event => setDay(event.currentTarget.value)}
            data-autofocus
          />
        )}
        {action !== "assign" && (
          <Textarea
            mt={12}
            label={texts.reason}
            value={words}
            onChange={event => setWords(event.currentTarget.value)}
            maxLength={2000}
            autosize
            minRows={2}
          />
        )}
        {wrong && <Refusal>{wordsOf(wrong)}</Refusal>}
        <DialogActs>
          <Button variant="default" onClick={close}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={acting.isPending} disabled={lacks}>
            {texts.workaroundActs[action].act}
          </Button>
        </DialogActs>
      </form>
    </Dialog>
  );

  function wordsOf(error: Error): string {
    if (isAbout(error, "workaround-")) return texts.workaroundChanged;
    if (error instanceof Problem && error.status === 422) return texts.workaroundRefused;
    return generalWords(texts, error) ?? texts.failedPlain;
  }
}
