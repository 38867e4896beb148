import { TextInput } from "@mantine/core";
import { useTexts } from "../texts/texts";
import { useSurroundings } from "./context";
import { isPair } from "./drafts";
import { type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";
import { GroupFrame } from "./GroupFrame";
import { kindOf } from "./view";

/** A number with what it is of: an amount and its currency, a quantity and its unit. */
export function PairInput(props: FieldProps) {
  const { texts } = useTexts();
  const { wrong } = useSurroundings();
  const { id, error, "aria-required": required } = useInput(props);
  const draft = isPair(props.draft) ? props.draft : { number: "", of: "" };
  const isMoney = kindOf(props.rule) === "money";
  const inside = [...wrong].find(([pointer]) => pointer.startsWith(`${props.pointer}/`))?.[1];
  const said = error ?? inside;
  const shared = {
    "aria-required": required,
    "aria-describedby": said ? `${id}-wrong` : undefined,
    autoComplete: "off",
    error: Boolean(said),
  };
  return (
    <GroupFrame {...props} said={said}>
      <div className={classes.pair}>
        <TextInput
          {...shared}
          id={id}
          aria-label={isMoney ? texts.amount : texts.quantity}
          inputMode="decimal"
          value={draft.number}
          onChange={event => props.set({ ...draft, number: event.currentTarget.value })}
        />
        <TextInput
          {...shared}
          aria-label={isMoney ? texts.currency : texts.unit}
          placeholder={isMoney ? "USD" : "EA"}
          maxLength={3}
          autoCapitalize="characters"
          value={draft.of}
          onChange={event => props.set({ ...draft, of: event.currentTarget.value.toUpperCase() })}
        />
      </div>
    </GroupFrame>
  );
}
