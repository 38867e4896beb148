import { CloseButton, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef, useState } from "react";
import { useSignal } from "../api/signal";
import { singleKeys } from "../frame/keys";
import { SearchIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./RunSearch.module.css";

const PAUSE = 200;

/** What is typed stands in the address a moment later, so that a link shows the same. */
export function RunSearch({ field }: { field: RefObject<HTMLInputElement | null> }) {
  const { texts } = useTexts();
  const keys = useSignal(singleKeys);
  const { key = "" } = useSearch({ from: "/inside/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const [typed, setTyped] = useState(key);
  const timer = useRef(0);
  const settled = useRef(key);
  useEffect(() => {
    // The address changed by another hand: back, or a cleared filter.
    if (key !== settled.current) setTyped(key);
    settled.current = key;
  }, [key]);
  const settle = (text: string, wait = PAUSE) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      settled.current = text.trim();
      void navigate({
        search: ({ key: _, ...rest }) => (text.trim() ? { ...rest, key: text.trim() } : rest),
        replace: true,
      });
    }, wait);
  };
  return (
    <TextInput
      ref={field}
      className={classes.search ?? ""}
      size="sm"
      type="search"
      aria-label={texts.searchRuns}
      placeholder={texts.searchRuns}
      value={typed}
      onChange={event => settle(event.currentTarget.value)}
      onKeyDown={event => {
        if (event.key !== "Escape") return;
        if (typed) settle("", 0);
        else event.currentTarget.blur();
      }}
      leftSection={<SearchIcon />}
      rightSection={
        typed ? (
          <CloseButton size="sm" aria-label={texts.clearSearch} onClick={() => settle("", 0)} />
        ) : (
          keys && <kbd className={classes.key}>/</kbd>
        )
      }
    />
  );
}
