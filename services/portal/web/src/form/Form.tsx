import { Button } from "@mantine/core";
import { type FormEvent, useId, useMemo, useRef, useState } from "react";
import { useTexts } from "../texts/texts";
import { isNeeded, read } from "./answer";
import { type Surroundings, SurroundingsProvider } from "./context";
import { type Draft, draftsOf } from "./drafts";
import { ErrorSummary } from "./ErrorSummary";
import { Fact } from "./Fact";
import { FieldInput } from "./FieldInput";
import classes from "./Form.module.css";
import type { Field, FormView, Wrong } from "./view";

/** One way to end it, such as to approve or to reject. */
export interface Act {
  outcome: string;
  label: string;
}

interface Props {
  view: FormView;
  /** The first is the page's one filled button, and what Enter does. */
  acts: readonly Act[];
  /** Another form of the page has the filled one. */
  quiet?: boolean;
  /** What the server found wrong with the last answer. */
  refused: readonly Wrong[];
  /** The outcome that is on its way. */
  busy: string | null;
  documents?: Surroundings["documents"];
  search?: Surroundings["search"];
  onAnswer: (outcome: string, values: Record<string, unknown>) => void;
}

const NOTHING: Surroundings["documents"] = [];

/** A form from its schema: what may be written as fields, the rest as facts; wrong at the field, and all of it above. */
export function Form({
  view,
  acts,
  quiet = false,
  refused,
  busy,
  documents = NOTHING,
  search = null,
  onAnswer,
}: Props) {
  const { texts, language } = useTexts();
  const id = useId();
  const fields = useMemo(() => view.sections.flatMap(one => one.fields), [view]);
  const [drafts, setDrafts] = useState(() => draftsOf(fields, view.values));
  const [outcome, setOutcome] = useState<string | null>(null);
  const [found, setFound] = useState<readonly Wrong[] | null>(null);
  const attempt = useRef(0);
  const said = useMemo(
    () => refused.map(one => ({ ...one, detail: texts.refusalWords(one.detail) })),
    [refused, texts],
  );
  const wrong = found ?? said;
  const answer = (chosen: string) => {
    const told = read(view, drafts, chosen, language, texts.formWrong);
    attempt.current += 1;
    setOutcome(chosen);
    // What the server says next stands in place of what this page found.
    setFound(told.wrong.length > 0 ? told.wrong : null);
    if (told.wrong.length === 0) onAnswer(chosen, told.values);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const [first] = acts;
    if (first && busy === null) answer(first.outcome);
  };
  const around = useMemo(
    () => ({ id, documents, search, wrong: new Map(wrong.map(one => [one.pointer, one.detail])) }),
    [id, documents, search, wrong],
  );
  const set = (name: string, draft: Draft) => setDrafts(before => new Map(before).set(name, draft));
  return (
    <SurroundingsProvider value={around}>
      <form onSubmit={submit} className={classes.form} noValidate>
        {view.description && <p className={classes.lead}>{view.description}</p>}
        <ErrorSummary key={attempt.current} fields={fields} wrong={wrong} />
        {view.sections.map(section => (
          <section key={section.title} className={classes.section}>
            {section.title && <h3 className={classes.heading}>{section.title}</h3>}
            {section.fields.map(field => (
              <One
                key={field.name}
                field={field}
                value={view.values[field.name]}
                draft={drafts.get(field.name)}
                needed={isNeeded(field, outcome)}
                set={set}
              />
            ))}
          </section>
        ))}
        <div className={classes.acts}>
          {acts.map((act, at) => (
            <Button
              key={act.outcome}
              type={at === 0 ? "submit" : "button"}
              variant={at === 0 && !quiet ? "filled" : "default"}
              loading={busy === act.outcome}
              disabled={busy !== null && busy !== act.outcome}
              onClick={at === 0 ? undefined : () => answer(act.outcome)}
            >
              {act.label}
            </Button>
          ))}
        </div>
      </form>
    </SurroundingsProvider>
  );
}

interface OneProps {
  field: Field;
  value: unknown;
  draft: Draft | undefined;
  needed: boolean;
  set: (name: string, draft: Draft) => void;
}

function One({ field, value, draft, needed, set }: OneProps) {
  if (!field.is_writable) return <Fact rule={field.rule} unit={field.unit} value={value} />;
  return (
    <FieldInput
      name={field.name}
      rule={field.rule}
      pointer={`/${field.name}`}
      needed={needed}
      unit={field.unit}
      lookUp={field.look_up}
      draft={draft}
      set={next => set(field.name, next)}
    />
  );
}
