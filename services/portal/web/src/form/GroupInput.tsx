import { newRow, rowsOf } from "./drafts";
import { FieldInput, type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";
import { step } from "./view";

/** An object with fields of its own. */
export function GroupInput(props: FieldProps) {
  const { label, description, error } = useInput(props);
  const [row = newRow(props.rule)] = rowsOf(props.draft);
  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{label}</legend>
      {description}
      <div className={classes.row}>
        {Object.entries(props.rule.properties ?? {}).map(([name, rule]) => (
          <FieldInput
            key={name}
            name={name}
            rule={rule}
            pointer={props.pointer + step(name)}
            needed={props.rule.required?.includes(name) ?? false}
            unit={rule.unit ?? null}
            lookUp={rule.look_up ?? null}
            draft={row.drafts.get(name)}
            set={draft => props.set([{ ...row, drafts: new Map(row.drafts).set(name, draft) }])}
          />
        ))}
      </div>
      {error && <p className={classes.wrong}>{error}</p>}
    </fieldset>
  );
}
