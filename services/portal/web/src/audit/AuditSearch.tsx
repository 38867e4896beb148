import { CloseButton, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef, useState } from "react";
import { SearchIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./AuditSearch.module.css";

const PAUSE = 250;

/** What is looked for stands in the address, so that a link shows the same. */
export function AuditSearch({ field }: { field: RefObject<HTMLInputElement | null> }) {
  const { texts } = useTexts();
  const { find = "", since = "", until = "" } = useSearch({ from: "/inside/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const [typed, setTyped] = useState(find);
  const timer = useRef(0);
  useEffect(() => setTyped(find), [find]);
  const settle = (text: string, wait = PAUSE) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      void navigate({ search: before => ({ ...before, find: text.trim() || undefined }), replace: true });
    }, wait);
  };
  return (
    <search className={classes.tools}>
      <TextInput
        ref={field}
        className={classes.find ?? ""}
        size="sm"
        type="search"
        aria-label={texts.auditSearch}
        placeholder={texts.auditSearch}
        value={typed}
        onChange={event => settle(event.currentTarget.value)}
        leftSection={<SearchIcon />}
        rightSection={
          typed && <CloseButton size="sm" aria-label={texts.clearSearch} onClick={() => settle("", 0)} />
        }
      />
      {(["since", "until"] as const).map(name => (
        <TextInput
          key={name}
          className={classes.day ?? ""}
          size="sm"
          type="date"
          aria-label={name === "since" ? texts.auditSince : texts.auditUntil}
          leftSection={
            <span className={classes.word}>{name === "since" ? texts.auditSince : texts.auditUntil}</span>
          }
          leftSectionWidth={52}
          value={name === "since" ? since : until}
          onChange={event => {
            const value = event.currentTarget.value || undefined;
            void navigate({ search: before => ({ ...before, [name]: value }), replace: true });
          }}
        />
      ))}
    </search>
  );
}
