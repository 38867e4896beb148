import { Checkbox, NativeSelect, PasswordInput, Textarea, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "../texts/texts";
import { ChoicesInput } from "./ChoicesInput";
import { idOf, useSurroundings } from "./context";
import type { Draft } from "./drafts";
import { EntriesInput } from "./EntriesInput";
import classes from "./Form.module.css";
import { GroupInput } from "./GroupInput";
import { LookUpInput } from "./LookUpInput";
import { PairInput } from "./PairInput";
import { RowsInput } from "./RowsInput";
import { choicesOf, kindOf, type LookUp, type Rule } from "./view";

export interface FieldProps {
  name: string;
  rule: Rule;
  pointer: string;
  needed: boolean;
  unit: string | null;
  lookUp: LookUp | null;
  draft: Draft | undefined;
  set: (draft: Draft) => void;
}

/** One field, by what its rule says it is. */
export function FieldInput(props: FieldProps) {
  const { documents } = useSurroundings();
  switch (kindOf(props.rule)) {
    case "money":
    case "quantity":
      return <PairInput {...props} />;
    case "rows":
      return <RowsInput {...props} />;
    case "group":
      return <GroupInput {...props} />;
    case "entries":
      return <EntriesInput {...props} />;
    case "choices":
      return <ChoicesInput {...props} choices={choicesOf(props.rule.items ?? {})} />;
    case "documents":
      return <ChoicesInput {...props} choices={documents.map(one => ({ value: one.id, label: one.name }))} />;
    case "document":
      return <OneOf {...props} choices={documents.map(one => ({ value: one.id, label: one.name }))} />;
    case "choice":
      return <OneOf {...props} choices={choicesOf(props.rule)} />;
    case "secret":
    case "secret-lines":
      return <SecretInput {...props} />;
    case "yes":
      return <YesInput {...props} />;
    case "note":
    case "list":
      return <LinesInput {...props} />;
    default:
      return props.lookUp ? <LookUpInput {...props} /> : <LineInput {...props} />;
  }
}

/** What every input of Mantine takes from a field. */
export function useInput({ name, rule, pointer, needed, unit }: FieldProps) {
  const { texts } = useTexts();
  const { id, wrong } = useSurroundings();
  const title = rule.title ?? name;
  const beside = [unit, needed ? null : texts.optional].filter(Boolean).join(", ");
  const label: ReactNode = (
    <span className={classes.label}>{beside === "" ? title : `${title} (${beside})`}</span>
  );
  return {
    id: idOf(id, pointer),
    label,
    description: rule.description && <span className={classes.hint}>{rule.description}</span>,
    error: wrong.get(pointer) ?? inside(rule, pointer, wrong),
    errorProps: { className: classes.wrong ?? "" },
    "aria-required": needed,
  };
}

/** What is wrong with a part that has no input of its own, such as one line of many. */
function inside(rule: Rule, pointer: string, wrong: ReadonlyMap<string, string>): string | undefined {
  if (!["list", "choices", "entries"].includes(kindOf(rule))) return undefined;
  const own = /^\/\d+\/(key|value)/;
  return [...wrong].find(
    ([one]) => one.startsWith(`${pointer}/`) && !own.test(one.slice(pointer.length)),
  )?.[1];
}

const TYPES: Partial<Record<string, string>> = {
  email: "email",
  day: "date",
  instant: "datetime-local",
  time: "time",
};

function LineInput(props: FieldProps) {
  const { rule, draft, set } = props;
  const kind = kindOf(rule);
  return (
    <TextInput
      {...useInput(props)}
      type={TYPES[kind] ?? "text"}
      inputMode={kind === "number" ? "decimal" : undefined}
      maxLength={rule.maxLength}
      autoComplete="off"
      value={String(draft ?? "")}
      onChange={event => set(event.currentTarget.value)}
    />
  );
}

function LinesInput(props: FieldProps) {
  const { rule, draft, set } = props;
  const { texts } = useTexts();
  const input = useInput(props);
  const isList = kindOf(rule) === "list";
  const lines = <span className={classes.hint}>{texts.oneALine}</span>;
  return (
    <Textarea
      {...input}
      description={
        isList ? (
          <>
            {input.description} {lines}
          </>
        ) : (
          input.description
        )
      }
      autosize
      minRows={3}
      maxLength={rule.maxLength}
      value={String(draft ?? "")}
      onChange={event => set(event.currentTarget.value)}
    />
  );
}

/** What is typed is never kept by the browser, and not told again by the server. */
function SecretInput(props: FieldProps) {
  const { texts } = useTexts();
  const input = useInput(props);
  const given = {
    ...input,
    // Where a password is typed the library does not say it.
    "aria-invalid": input.error ? true : undefined,
    autoComplete: "new-password",
    spellCheck: false,
    value: String(props.draft ?? ""),
  };
  if (kindOf(props.rule) === "secret-lines")
    return (
      <Textarea {...given} autosize minRows={3} onChange={event => props.set(event.currentTarget.value)} />
    );
  return (
    <PasswordInput
      {...given}
      visibilityToggleFocusable
      visibilityToggleButtonProps={{ "aria-label": texts.showPassword }}
      onChange={event => props.set(event.currentTarget.value)}
    />
  );
}

function OneOf({ choices, ...props }: FieldProps & { choices: { value: string; label: string }[] }) {
  const { texts } = useTexts();
  return (
    <NativeSelect
      {...useInput(props)}
      value={String(props.draft ?? "")}
      data={[{ value: "", label: texts.choose }, ...choices]}
      onChange={event => props.set(event.currentTarget.value)}
    />
  );
}

function YesInput(props: FieldProps) {
  // A box has no such property, and would hand it to the page.
  const { errorProps: _none, ...input } = useInput(props);
  return (
    <Checkbox
      {...input}
      label={<span className={classes.label}>{props.rule.title ?? props.name}</span>}
      checked={props.draft === true}
      onChange={event => props.set(event.currentTarget.checked)}
    />
  );
}
