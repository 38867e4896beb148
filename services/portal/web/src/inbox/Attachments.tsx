import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, body, type Schemas } from "../api/client";
import { sessionQuery } from "../api/queries";
import { size } from "../display/size";
import { contentOf, formOf } from "../orders/files";
import { Dialog, DialogActs } from "../pages/Dialog";
import { Refusal } from "../session/Refusal";
import { isAbout } from "../session/words";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./Attachments.module.css";
import { attachmentsQuery, TASKS, type TaskView } from "./queries";
import { actWords } from "./words";

type Document = Schemas["DocumentView"];

const HANDED_OUT = new Set(["clean", "unscanned"]);

/** Files that were put to a task: what is there, one more, and one away with a reason. */
export function Attachments({ task }: { task: TaskView }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const attached = attachedTo(task);
  const { data } = useQuery(attachmentsQuery(task.run, attached));
  const chooser = useRef<HTMLInputElement>(null);
  const [leaving, setLeaving] = useState<Document | null>(null);
  const adding = useMutation({
    mutationFn: async (file: File) => {
      const made = await body(
        api.POST("/v1/runs/{run}/documents", {
          params: { path: { run: task.run }, query: { name: file.name } },
          headers: { "content-type": "application/octet-stream" },
          body: file,
          bodySerializer: (given: unknown) => given as BodyInit,
        }),
      );
      return body(
        api.POST("/v1/tasks/{task}/act", {
          params: { path: { task: task.id } },
          body: { action: "attach", version: task.version, document: made.id },
        }),
      );
    },
    onSettled: () => queries.invalidateQueries({ queryKey: TASKS }),
  });
  const may = session.permissions.includes("runs:write");
  const mayAdd = may && task.closed_at === null;
  const files = data ?? [];
  if (files.length === 0 && !mayAdd) return null;
  return (
    <section className={classes.part} aria-label={texts.documents}>
      <h2 className={classes.title}>{texts.documents}</h2>
      {files.length > 0 && (
        <ul className={classes.files}>
          {files.map(one => (
            <File key={one.id} one={one} run={task.run} remove={may ? () => setLeaving(one) : null} />
          ))}
        </ul>
      )}
      {adding.error && <Refusal>{fileWords(texts, adding.error)}</Refusal>}
      {mayAdd && (
        <div>
          <input
            ref={chooser}
            type="file"
            hidden
            onChange={event => {
              const [file] = event.currentTarget.files ?? [];
              if (file) adding.mutate(file);
              event.currentTarget.value = "";
            }}
          />
          <Button
            variant="default"
            size="xs"
            loading={adding.isPending}
            onClick={() => chooser.current?.click()}
          >
            {texts.answerAddFile}
          </Button>
        </div>
      )}
      {leaving && <Remove one={leaving} run={task.run} close={() => setLeaving(null)} />}
    </section>
  );
}

/** Ids of what was put to it, each once. */
export function attachedTo(task: Pick<TaskView, "history">): string[] {
  const found = task.history.flatMap(one => (one.action === "attached" && one.target ? [one.target] : []));
  return [...new Set(found)];
}

function fileWords(texts: Texts, error: Error): string {
  if (isAbout(error, "document-too-large")) return texts.answerTooLarge;
  if (isAbout(error, "document-refused")) return texts.answerNoKind;
  return actWords(texts, error);
}

function File({ one, run, remove }: { one: Document; run: string; remove: (() => void) | null }) {
  const { texts, language } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const name = one.name ?? texts.aDocument;
  const opens = session.permissions.includes("payloads:read") && HANDED_OUT.has(one.state);
  return (
    <li className={classes.file}>
      {opens ? (
        <a className={classes.name} href={contentOf(one.id, { run })} download dir="auto">
          {name}
        </a>
      ) : (
        <span className={classes.name} dir="auto">
          {name}
        </span>
      )}
      <span className={classes.facts}>
        {formOf(one.media_type)} · {size(language, one.size)}
        {(one.state === "held" || one.state === "infected") && ` · ${texts.documentStates[one.state]}`}
      </span>
      {remove && (
        <button type="button" className={classes.remove} onClick={remove} aria-label={texts.removeFile(name)}>
          {texts.removeIt}
        </button>
      )}
    </li>
  );
}

function Remove({ one, run, close }: { one: Document; run: string; close: () => void }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const removing = useMutation({
    mutationFn: () =>
      api.POST("/v1/runs/{run}/documents/{document}/remove", {
        params: { path: { run, document: one.id } },
        body: { reason: reason.trim() },
      }),
    onSuccess: close,
    onSettled: () => queries.invalidateQueries({ queryKey: TASKS }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim()) removing.mutate();
  };
  return (
    <Dialog open close={close} title={texts.removeFile(one.name ?? texts.aDocument)}>
      <form onSubmit={submit} className={classes.ask}>
        <p>{texts.removeFileBody}</p>
        <TextInput
          label={texts.reason}
          value={reason}
          onChange={event => setReason(event.currentTarget.value)}
          maxLength={500}
          autoComplete="off"
          data-autofocus
        />
        {removing.error && (
          <Refusal>
            {isAbout(removing.error, "run-is-kept") || isAbout(removing.error, "entity-is-kept")
              ? texts.fileKept
              : actWords(texts, removing.error)}
          </Refusal>
        )}
        <DialogActs>
          <Button variant="default" onClick={close}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={removing.isPending} disabled={!reason.trim()}>
            {texts.removeIt}
          </Button>
        </DialogActs>
      </form>
    </Dialog>
  );
}
