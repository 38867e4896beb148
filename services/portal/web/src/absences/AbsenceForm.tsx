import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body, Problem, type Schemas } from "../api/client";
import { colleaguesQuery, TASKS } from "../inbox/queries";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { useAtOnce, useResumed } from "../session/resuming";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./AbsencePage.module.css";
import { away, dayOf, lastDay } from "./days";
import { type Absence, absencesQuery } from "./queries";

type OwnAbsence = Schemas["OwnAbsence"];

const BACK: OwnAbsence = { since: null, until: null, substitute: null };

/** One's own: the first day, the last, and who acts meanwhile; or that one is back. Asks who one is once more. */
export function AbsenceForm({ mine, me }: { mine: Absence | null; me: string }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const { data: people } = useQuery(colleaguesQuery);
  const [first, setFirst] = useState(mine ? dayOf(new Date(mine.since)) : "");
  const [last, setLast] = useState(mine ? lastDay(mine.until) : "");
  const [substitute, setSubstitute] = useState(mine?.substitute ?? "");
  const [tried, setTried] = useState(false);
  const setting = useMutation({
    mutationFn: (wish: OwnAbsence) => body(api.POST("/v1/absences", { body: wish })),
    onSuccess: (_, { since }) => {
      if (since === null) {
        setFirst("");
        setLast("");
        setSubstitute("");
      }
      return Promise.all([
        queries.invalidateQueries({ queryKey: absencesQuery.queryKey }),
        queries.invalidateQueries({ queryKey: colleaguesQuery.queryKey }),
        queries.invalidateQueries({ queryKey: TASKS }),
      ]);
    },
  });
  const resumed = useResumed("set-absence", me);
  useAtOnce(resumed, () => resumed && setting.mutate(resumed.wish));
  const between = away(first, last);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (between) setting.mutate({ ...between, substitute: substitute || null });
  };
  const wish = setting.variables ?? BACK;
  if (needsProof(setting.error)) {
    return <ProofForm act={{ kind: "set-absence", wish }} onProved={() => setting.mutate(wish)} />;
  }
  const others = (people ?? []).filter(one => one.id !== me);
  const wrong = setting.error;
  return (
    <form onSubmit={submit} className={classes.form} noValidate>
      {setting.isSuccess && (
        <p className={classes.done} role="status">
          {wish.since === null ? texts.absenceOver : texts.absenceSet}
        </p>
      )}
      <div className={classes.days}>
        <TextInput
          type="date"
          label={texts.firstDayAway}
          value={first}
          onChange={event => setFirst(event.currentTarget.value)}
          error={tried && !first && texts.formWrong.needed}
        />
        <TextInput
          type="date"
          label={texts.lastDayAway}
          value={last}
          onChange={event => setLast(event.currentTarget.value)}
          error={tried && first && !between && (last ? texts.absenceBackwards : texts.formWrong.needed)}
        />
      </div>
      <NativeSelect
        label={texts.substitute}
        description={texts.substituteHint}
        value={substitute}
        data={[
          { value: "", label: texts.noSubstitute },
          ...others.map(one => ({ value: one.id, label: one.name ?? one.id })),
        ]}
        onChange={event => setSubstitute(event.currentTarget.value)}
      />
      {wrong ? (
        <Refusal>
          {generalWords(texts, wrong) ??
            (wrong instanceof Problem && wrong.status === 422 ? texts.absenceRefused : texts.failedPlain)}
        </Refusal>
      ) : (
        <ProofFailed of={resumed} />
      )}
      <div className={classes.acts}>
        <Button type="submit" loading={setting.isPending && wish.since !== null}>
          {mine ? texts.changeAbsence : texts.setAbsence}
        </Button>
        {mine && (
          <Button
            variant="default"
            loading={setting.isPending && wish.since === null}
            onClick={() => setting.mutate(BACK)}
          >
            {texts.endAbsence}
          </Button>
        )}
      </div>
    </form>
  );
}
