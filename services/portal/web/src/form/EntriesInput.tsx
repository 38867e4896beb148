import { Button } from "@mantine/core";
import { useTexts } from "../texts/texts";
import { newRow, type Row, rowsOf } from "./drafts";
import { FieldInput, type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";
import { entryOf, step } from "./view";

/** An object whose members people name themselves: a line for each, with its name and what it holds. */
export function EntriesInput(props: FieldProps) {
  const { texts } = useTexts();
  const { id, label, description, error } = useInput(props);
  const rows = rowsOf(props.draft);
  const entry = entryOf(props.rule);
  const title = props.rule.title ?? props.name;
  const change = (key: number, next: Row | null) =>
    props.set(rows.flatMap(row => (row.key === key ? (next ? [next] : []) : [row])));
  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{label}</legend>
      {description}
      {rows.map((row, at) => (
        <fieldset key={row.key} className={classes.row} aria-label={`${title} ${at + 1}`}>
          {Object.entries(entry.properties ?? {}).map(([name, rule]) => (
            <FieldInput
              key={name}
              name={name}
              rule={{ title: name === "key" ? texts.entryName : texts.entryValue, ...rule }}
              pointer={props.pointer + step(at) + step(name)}
              needed
              unit={null}
              lookUp={null}
              draft={row.drafts.get(name)}
              set={draft => change(row.key, { ...row, drafts: new Map(row.drafts).set(name, draft) })}
            />
          ))}
          <Button className={classes.remove ?? ""} variant="default" onClick={() => change(row.key, null)}>
            {texts.removeRow(at + 1)}
          </Button>
        </fieldset>
      ))}
      <Button
        id={id}
        className={classes.remove ?? ""}
        variant="default"
        aria-describedby={error ? `${id}-wrong` : undefined}
        onClick={() => props.set([...rows, newRow(entry)])}
      >
        {texts.addRow}
      </Button>
      {error && (
        <p id={`${id}-wrong`} className={classes.wrong}>
          {error}
        </p>
      )}
    </fieldset>
  );
}
