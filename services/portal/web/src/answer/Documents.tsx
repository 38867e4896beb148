import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, body, Problem, type Schemas } from "../api/client";
import { size } from "../display/size";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./AnswerPage.module.css";
import { byLink } from "./link";

type Sent = Schemas["LinkedDocument"];

/** Files that somebody outside sends for their case; each is sent as it is chosen. */
export function Documents({ token, before }: { token: string; before: readonly Sent[] }) {
  const { texts, language } = useTexts();
  const [sent, setSent] = useState<readonly Sent[]>(before);
  const chooser = useRef<HTMLInputElement>(null);
  const sending = useMutation({
    mutationFn: (file: File) =>
      body(
        api.POST("/portal/link/documents", {
          params: { query: { name: file.name } },
          headers: { ...byLink(token).headers, "content-type": "application/octet-stream" },
          body: file,
          bodySerializer: (given: unknown) => given as BodyInit,
        }),
      ),
    onSuccess: one => setSent(all => [...all, one]),
  });
  const said = !sending.error
    ? null
    : isAbout(sending.error, "document-too-large")
      ? texts.answerTooLarge
      : isAbout(sending.error, "document-refused")
        ? texts.answerNoKind
        : (generalWords(texts, sending.error) ??
          (sending.error instanceof Problem && sending.error.status === 404
            ? texts.answerOver
            : sending.error.message));
  return (
    <section className={classes.part} aria-label={texts.answerDocuments}>
      <h2 className={classes.subtitle}>{texts.answerDocuments}</h2>
      {sent.length > 0 && (
        <ul className={classes.files}>
          {sent.map((one, place) => (
            // Two of one name are two files.
            // biome-ignore lint/suspicious/noArrayIndexKey: they only ever become more
            <li key={place} className={classes.file}>
              <span dir="auto">{one.name}</span>
              <span className={classes.hint}>
                {size(language, one.size)} · {texts.answerFile[one.state]}
              </span>
            </li>
          ))}
        </ul>
      )}
      {said && <Refusal>{said}</Refusal>}
      <input
        ref={chooser}
        type="file"
        hidden
        onChange={event => {
          const [file] = event.currentTarget.files ?? [];
          if (file) sending.mutate(file);
          event.currentTarget.value = "";
        }}
      />
      <div>
        <Button variant="default" loading={sending.isPending} onClick={() => chooser.current?.click()}>
          {texts.answerAddFile}
        </Button>
      </div>
    </section>
  );
}
