import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useState } from "react";
import { useTexts } from "../texts/texts";
import { useSurroundings } from "./context";
import { type FieldProps, useInput } from "./FieldInput";
import forms from "./Form.module.css";
import classes from "./LookUpInput.module.css";

const SHORTEST = 2;
const CALM = 300;

/** A text that is found among records: what is found while typing stands below, and is chosen by key or pointer. */
export function LookUpInput(props: FieldProps) {
  const { texts } = useTexts();
  const { search } = useSurroundings();
  const input = useInput(props);
  const typed = String(props.draft ?? "").trim();
  const [wanted] = useDebouncedValue(typed, CALM);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const { lookUp, name } = props;
  const { data, isError } = useQuery({
    queryKey: ["look-up", input.id, name, wanted],
    queryFn: async () => (lookUp && search ? search(lookUp, wanted, name) : []),
    enabled: search !== null && wanted.length >= SHORTEST,
    retry: false,
  });
  const found = data ?? [];
  const chosen = found.find(one => one.value === typed);
  const list = `${input.id}-found`;
  const isOpen = open && found.length > 0;
  const choose = (value: string) => {
    props.set(value);
    setOpen(false);
    setAt(-1);
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length > 0) {
      event.preventDefault();
      setOpen(true);
      setAt(before =>
        isOpen ? (before + step + found.length) % found.length : step > 0 ? 0 : found.length - 1,
      );
    } else if (event.key === "Enter" && isOpen && found[at]) {
      // Enter chooses; without a list it sends the form.
      event.preventDefault();
      choose(found[at].value);
    } else if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      setOpen(false);
    }
  };
  return (
    <div className={classes.field}>
      <TextInput
        {...input}
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && at >= 0 ? `${list}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        maxLength={props.rule.maxLength}
        value={String(props.draft ?? "")}
        onChange={event => {
          props.set(event.currentTarget.value);
          setOpen(true);
          setAt(-1);
        }}
        onKeyDown={keys}
        onBlur={() => setOpen(false)}
      />
      <p className={forms.hint} aria-live="polite">
        {isError
          ? texts.lookUpFailed
          : chosen
            ? chosen.title !== chosen.value && chosen.title
            : isOpen
              ? texts.lookUpFound(found.length)
              : data && wanted === typed && found.length === 0 && texts.lookUpNone}
      </p>
      <div
        id={list}
        role="listbox"
        aria-label={props.rule.title ?? name}
        className={classes.list}
        hidden={!isOpen}
      >
        {found.map((one, place) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are heard by the input, which keeps the focus
          <div
            key={one.value}
            id={`${list}-${place}`}
            role="option"
            aria-selected={place === at}
            tabIndex={-1}
            className={classes.option}
            onMouseDown={event => event.preventDefault()}
            onClick={() => choose(one.value)}
          >
            <span dir="auto">{one.title}</span>
            {one.title !== one.value && <span className={classes.value}>{one.value}</span>}
          </div>
        ))}
      </div>
    </div>
  );
}
