import { Checkbox } from "@mantine/core";
import { useTexts } from "../texts/texts";
import { texts as chosenOf } from "./drafts";
import { type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";
import { GroupFrame } from "./GroupFrame";

/** Any of several; what was chosen and is no choice any more can be taken out. */
export function ChoicesInput({
  choices,
  ...props
}: FieldProps & { choices: { value: string; label: string }[] }) {
  const { texts } = useTexts();
  const { id } = useInput(props);
  const chosen = chosenOf(props.draft);
  const known = new Set(choices.map(one => one.value));
  const gone = chosen.filter(one => !known.has(one)).map(value => ({ value, label: value }));
  const all = [...choices, ...gone];
  const turn = (value: string, on: boolean) =>
    props.set(on ? [...chosen, value] : chosen.filter(one => one !== value));
  return (
    <GroupFrame {...props}>
      {all.length === 0 && <p className={classes.hint}>{texts.noChoices}</p>}
      {all.map((one, at) => (
        <Checkbox
          key={one.value}
          id={at === 0 ? id : `${id}-${at}`}
          label={<span className={classes.label}>{one.label}</span>}
          checked={chosen.includes(one.value)}
          onChange={event => turn(one.value, event.currentTarget.checked)}
        />
      ))}
    </GroupFrame>
  );
}
