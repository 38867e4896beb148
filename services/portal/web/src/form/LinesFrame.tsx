import { Button } from "@mantine/core";
import { useTexts } from "../texts/texts";
import { newRow, type Row, rowsOf } from "./drafts";
import { FieldInput, type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";
import { GroupFrame } from "./GroupFrame";
import { type Rule, step } from "./view";

interface Props extends FieldProps {
  /** What a line is: an object, whose members are its fields. */
  line: Rule;
  most: number;
  /** What the member of a line is called, and whether it has to be there. */
  member: (name: string, rule: Rule) => { rule: Rule; needed: boolean };
}

/** A list of lines that people add and remove, each with its own fields. */
export function LinesFrame({ line, most, member, ...props }: Props) {
  const { texts } = useTexts();
  const { id, error } = useInput(props);
  const rows = rowsOf(props.draft);
  const title = props.rule.title ?? props.name;
  const change = (key: number, next: Row | null) =>
    props.set(rows.flatMap(row => (row.key === key ? (next ? [next] : []) : [row])));
  return (
    <GroupFrame {...props}>
      {rows.map((row, at) => (
        <fieldset key={row.key} className={classes.row} aria-label={`${title} ${at + 1}`}>
          {Object.entries(line.properties ?? {}).map(([name, rule]) => (
            <FieldInput
              key={name}
              name={name}
              {...member(name, rule)}
              pointer={props.pointer + step(at) + step(name)}
              unit={rule.unit ?? null}
              lookUp={rule.look_up ?? null}
              draft={row.drafts.get(name)}
              set={draft => change(row.key, { ...row, drafts: new Map(row.drafts).set(name, draft) })}
            />
          ))}
          <Button className={classes.remove ?? ""} variant="default" onClick={() => change(row.key, null)}>
            {texts.removeRow(at + 1)}
          </Button>
        </fieldset>
      ))}
      {rows.length < most && (
        <Button
          id={id}
          className={classes.remove ?? ""}
          variant="default"
          aria-describedby={error ? `${id}-wrong` : undefined}
          onClick={() => props.set([...rows, newRow(line)])}
        >
          {texts.addRow}
        </Button>
      )}
    </GroupFrame>
  );
}
