import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { apiAt } from "../api/place";
import { sessionQuery } from "../api/queries";
import { Dialog, DialogActs } from "../pages/Dialog";
import { usePlace } from "../place/place";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./PromotionPage.module.css";
import { DEPLOYED, type Promotion } from "./queries";

type Word = "approve" | "refuse" | "withdraw";
const LONGEST = 2000;

/** Approving is for a second person; who proposed it takes it back instead. */
export function Decide({ promotion }: { promotion: Promotion }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [word, choose] = useState<Word | null>(null);
  const isOwn = promotion.proposed_by.endsWith(`:${session.account.id}`);
  if (session.acting) return <p className={classes.only}>{texts.actingDecidesNothing}</p>;
  return (
    <>
      {isOwn && <p className={classes.only}>{texts.secondPerson}</p>}
      <div className={classes.acts}>
        {isOwn ? (
          <Button variant="default" onClick={() => choose("withdraw")}>
            {texts.decide.withdraw.act}
          </Button>
        ) : (
          <>
            <Button onClick={() => choose("approve")}>{texts.decide.approve.act}</Button>
            <Button variant="default" onClick={() => choose("refuse")}>
              {texts.decide.refuse.act}
            </Button>
          </>
        )}
      </div>
      <Dialog open={word !== null} close={() => choose(null)} title={word ? texts.decide[word].title : ""}>
        {word && <Ask promotion={promotion} word={word} close={() => choose(null)} />}
      </Dialog>
    </>
  );
}

function Ask({ promotion, word, close }: { promotion: Promotion; word: Word; close: () => void }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const place = usePlace();
  const [note, setNote] = useState("");
  const [tried, setTried] = useState(false);
  const saying = useMutation({
    mutationFn: async () => {
      const api = apiAt(place);
      const given = { params: { path: { promotion: promotion.id } }, body: { note: note.trim() } };
      if (word === "approve") await api.POST("/v1/promotions/{promotion}/approve", given);
      if (word === "refuse") await api.POST("/v1/promotions/{promotion}/refuse", given);
      if (word === "withdraw") await api.POST("/v1/promotions/{promotion}/withdraw", given);
    },
    onSuccess: close,
    onSettled: () => queries.invalidateQueries({ queryKey: DEPLOYED }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (note.trim()) saying.mutate();
  };
  return (
    <form onSubmit={submit}>
      <p>{texts.decide[word].body}</p>
      <Textarea
        mt={12}
        mb={16}
        label={texts.decidersNote}
        value={note}
        onChange={event => setNote(event.currentTarget.value)}
        maxLength={LONGEST}
        autosize
        minRows={2}
        maxRows={6}
        data-autofocus
        error={tried && !note.trim() && texts.noteNeeded}
        errorProps={{ role: "alert" }}
      />
      {saying.error && <Refusal>{words(texts, saying.error)}</Refusal>}
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={saying.isPending}>
          {texts.decide[word].act}
        </Button>
      </DialogActs>
    </form>
  );
}

function words(texts: Texts, error: Error): string {
  if (isAbout(error, "second-person-needed")) return texts.secondPerson;
  if (isAbout(error, "promotion-decided")) return texts.decidedMeanwhile;
  if (isAbout(error, "invalid-deployment") || isAbout(error, "write-not-approved"))
    return texts.promotionUnfit;
  if (isAbout(error, "owners-missing")) return texts.ownersMissing;
  return generalWords(texts, error) ?? texts.failedPlain;
}
