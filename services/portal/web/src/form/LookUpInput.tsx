import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTexts } from "../texts/texts";
import { useSurroundings } from "./context";
import { type FieldProps, useInput } from "./FieldInput";
import classes from "./Form.module.css";

const SHORTEST = 2;

/** A text that another system knows: what is found while typing is offered, and what was chosen is named below. */
export function LookUpInput(props: FieldProps) {
  const { texts } = useTexts();
  const { search } = useSurroundings();
  const input = useInput(props);
  const typed = String(props.draft ?? "").trim();
  const [wanted] = useDebouncedValue(typed, 300);
  const { lookUp } = props;
  const { data, isError } = useQuery({
    queryKey: ["look-up", lookUp?.capability, wanted],
    queryFn: async () => (lookUp && search ? search(lookUp, wanted) : []),
    enabled: search !== null && wanted.length >= SHORTEST,
    retry: false,
  });
  const found = data ?? [];
  const chosen = found.find(one => one.value === typed);
  return (
    <div>
      <TextInput
        {...input}
        list={`${input.id}-found`}
        autoComplete="off"
        maxLength={props.rule.maxLength}
        value={String(props.draft ?? "")}
        onChange={event => props.set(event.currentTarget.value)}
      />
      <datalist id={`${input.id}-found`}>
        {found.map(one => (
          <option key={one.value} value={one.value}>
            {one.title}
          </option>
        ))}
      </datalist>
      <p className={classes.hint} aria-live="polite">
        {isError ? texts.lookUpFailed : chosen?.title}
      </p>
    </div>
  );
}
