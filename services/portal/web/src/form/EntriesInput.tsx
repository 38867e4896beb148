import { useTexts } from "../texts/texts";
import type { FieldProps } from "./FieldInput";
import { LinesFrame } from "./LinesFrame";
import { entryOf } from "./view";

/** An object whose members people name themselves: a line for each, with its name and what it holds. */
export function EntriesInput(props: FieldProps) {
  const { texts } = useTexts();
  return (
    <LinesFrame
      {...props}
      line={entryOf(props.rule)}
      most={Number.POSITIVE_INFINITY}
      member={(name, rule) => ({
        rule: { title: name === "key" ? texts.entryName : texts.entryValue, ...rule },
        needed: true,
      })}
    />
  );
}
