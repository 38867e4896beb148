import { TextInput } from "@mantine/core";
import { useTexts } from "../texts/texts";
import { useSurroundings } from "./context";
import { isPair } from "./drafts";
import { type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";
import { kindOf } from "./view";

/** A number with what it is of: an amount and its currency, a quantity and its unit. */
export function PairInput(props: FieldProps) {
  const { texts } = useTexts();
  const { wrong } = useSurroundings();
  const { id, label, description, error, "aria-required": required } = useInput(props);
  const draft = isPair(props.draft) ? props.draft : { number: "", of: "" };
  const isMoney = kindOf(props.rule) === "money";
  const inside = [...wrong].find(([pointer]) => pointer.startsWith(`${props.pointer}/`))?.[1];
  const said = error ?? inside;
  return (
    <fieldset className={classes.group}>
      <legend className={classes.legend}>{label}</legend>
      {description}
      <div className={classes.pair}>
        <TextInput
          id={id}
          aria-label={isMoney ? texts.amount : texts.quantity}
          aria-required={required}
          aria-describedby={said ? `${id}-wrong` : undefined}
          inputMode="decimal"
          autoComplete="off"
          error={Boolean(said)}
          value={draft.number}
          onChange={event => props.set({ ...draft, number: event.currentTarget.value })}
        />
        <TextInput
          aria-label={isMoney ? texts.currency : texts.unit}
          placeholder={isMoney ? "USD" : "EA"}
          maxLength={3}
          autoComplete="off"
          autoCapitalize="characters"
          value={draft.of}
          onChange={event => props.set({ ...draft, of: event.currentTarget.value.toUpperCase() })}
        />
      </div>
      {said && (
        <p id={`${id}-wrong`} className={classes.wrong}>
          {said}
        </p>
      )}
    </fieldset>
  );
}
