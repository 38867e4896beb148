import { Button, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { graphQuery, journalQuery, runQuery } from "../api/queries";
import { human } from "../display/names";
import { Dialog, DialogActs } from "../pages/Dialog";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./EditRetry.module.css";
import { type Given, givenTo, readOf } from "./failing";
import { EXCEPTIONS } from "./queries";

const LINES = { least: 8, most: 16 };

/** Retry a run with another input for the task that failed. */
export function EditRetry({ run }: { run: string }) {
  const { texts } = useTexts();
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setOpen(true)}>
        {texts.editAndRetry}
      </Button>
      <Dialog open={open} close={() => setOpen(false)} title={texts.editAndRetry}>
        {open && <Ask run={run} close={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}

function Ask({ run, close }: { run: string; close: () => void }) {
  const { texts } = useTexts();
  const { data: seen, error: unread } = useQuery(runQuery(run));
  const { data: journal, error: unheard } = useQuery(journalQuery(run));
  // Where the workflow cannot be drawn, the server says what takes no input.
  const { data: graph, isPending } = useQuery(graphQuery(run));
  const error = unread ?? unheard;
  if (error) return <Refusal>{generalWords(texts, error) ?? texts.failedPlain}</Refusal>;
  if (!seen || !journal || isPending) return <LinesSkeleton lines={4} />;
  return <Form run={run} given={givenTo(journal.lines, seen, graph?.nodes)} close={close} />;
}

function Form({ run, given, close }: { run: string; given: Given; close: () => void }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [written, setWritten] = useState(given.text ?? "");
  const [tried, setTried] = useState(false);
  const value = readOf(written);
  const sending = useMutation({
    mutationFn: (input: unknown) =>
      body(api.POST("/v1/runs/{run}/retry", { params: { path: { run } }, body: { input } })),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: EXCEPTIONS });
      await queries.invalidateQueries({ queryKey: ["run", run] });
    },
    onSuccess: close,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (value !== undefined) sending.mutate(value);
  };
  const wrong = sending.error;
  if (given.why === "hidden" || given.why === "raised")
    return (
      <>
        <p>{given.why === "hidden" ? texts.editHidden : texts.editRaised}</p>
        <DialogActs>
          <Button onClick={close}>{texts.close}</Button>
        </DialogActs>
      </>
    );
  return (
    <form onSubmit={submit} noValidate>
      <p>{given.step ? texts.editBody(human(given.step.name)) : texts.editBodyPlain}</p>
      {given.why === "unknown" && <p className={classes.quiet}>{texts.editUnknown}</p>}
      <Textarea
        mt={12}
        label={texts.editInput}
        value={written}
        onChange={event => setWritten(event.currentTarget.value)}
        classNames={{ input: classes.input ?? "" }}
        spellCheck={false}
        autosize
        minRows={LINES.least}
        maxRows={LINES.most}
        data-autofocus
        error={tried && value === undefined && texts.editNoJson}
        errorProps={{ role: "alert" }}
      />
      {wrong && (
        <div className={classes.wrong}>
          <Refusal>
            {isAbout(wrong, "retry-takes-no-input")
              ? texts.editTakesNone
              : isAbout(wrong, "run-not-faulted")
                ? texts.editLate
                : (generalWords(texts, wrong) ?? texts.failedPlain)}
          </Refusal>
        </div>
      )}
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={sending.isPending}>
          {texts.exceptionActs.retry.act}
        </Button>
      </DialogActs>
    </form>
  );
}
