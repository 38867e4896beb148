import { VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "../texts/texts";
import { type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";

interface Props extends FieldProps {
  /** What is wrong, where that is not what stands at the field itself. */
  said?: string | undefined;
  children: ReactNode;
}

/** What stands around several inputs that are one field: its name, its help, and what is wrong with it. */
export function GroupFrame({ said, children, ...props }: Props) {
  const { texts } = useTexts();
  const { id, label, description, error } = useInput(props);
  const wrong = said ?? error;
  return (
    <fieldset className={classes.group} aria-describedby={wrong ? `${id}-wrong` : undefined}>
      <legend className={classes.legend}>
        {label}
        {/* A group cannot be required; who hears the page is told in its name. */}
        {props.needed && <VisuallyHidden>{`, ${texts.isNeeded}`}</VisuallyHidden>}
      </legend>
      {description}
      {children}
      {wrong && (
        <p id={`${id}-wrong`} className={classes.wrong}>
          {wrong}
        </p>
      )}
    </fieldset>
  );
}
