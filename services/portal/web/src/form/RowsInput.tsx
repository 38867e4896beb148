import type { FieldProps } from "./FieldInput";
import { LinesFrame } from "./LinesFrame";

const MOST = 200;

/** A list of rows, each with its own fields. */
export function RowsInput(props: FieldProps) {
  const items = props.rule.items ?? {};
  return (
    <LinesFrame
      {...props}
      line={items}
      most={props.rule.maxItems ?? MOST}
      member={(name, rule) => ({ rule, needed: items.required?.includes(name) ?? false })}
    />
  );
}
