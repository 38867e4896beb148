import { Button } from "@mantine/core";
import { useTexts } from "../texts/texts";
import { newRow, type Row, rowsOf } from "./drafts";
import { FieldInput, type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";
import { step } from "./view";

const MOST = 200;

/** A list of rows, each with its own fields. */
export function RowsInput(props: FieldProps) {
  const { texts } = useTexts();
  const { id, label, description, error } = useInput(props);
  const items = props.rule.items ?? {};
  const rows = rowsOf(props.draft);
  const change = (key: number, next: Row | null) =>
    props.set(rows.flatMap(row => (row.key === key ? (next ? [next] : []) : [row])));
  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{label}</legend>
      {description}
      {rows.map((row, at) => (
        <fieldset
          key={row.key}
          className={classes.row}
          aria-label={`${props.rule.title ?? props.name} ${at + 1}`}
        >
          {Object.entries(items.properties ?? {}).map(([name, rule]) => (
            <FieldInput
              key={name}
              name={name}
              rule={rule}
              pointer={props.pointer + step(at) + step(name)}
              needed={items.required?.includes(name) ?? false}
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
      {rows.length < (props.rule.maxItems ?? MOST) && (
        <Button
          id={id}
          className={classes.remove ?? ""}
          variant="default"
          aria-describedby={error ? `${id}-wrong` : undefined}
          onClick={() => props.set([...rows, newRow(items)])}
        >
          {texts.addRow}
        </Button>
      )}
      {error && (
        <p id={`${id}-wrong`} className={classes.wrong}>
          {error}
        </p>
      )}
    </fieldset>
  );
}
