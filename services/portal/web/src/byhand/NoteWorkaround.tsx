import { Button, Popover } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, body } from "../api/client";
import { sessionQuery } from "../api/queries";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";
import { dayWords } from "./day";
import classes from "./NoteWorkaround.module.css";
import { stepOf, WAYS, type Way, WORKAROUNDS } from "./queries";

interface Props {
  /** What is done so, as the page calls it. */
  step: string;
  /** What it was done for. */
  about: { kind: string; key: string } | null;
}

/** That something was done beside the systems, in two presses: it is theirs who note it, and to end in 90 days. */
export function NoteWorkaround({ step, about }: Props) {
  const { texts, language } = useTexts();
  const queries = useQueryClient();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [open, setOpen] = useState(false);
  const noting = useMutation({
    mutationFn: (way: Way) =>
      body(api.POST("/v1/workarounds", { body: { way, step: stepOf(step), ...(about ? { about } : {}) } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: WORKAROUNDS }),
  });
  if (!session.permissions.includes("runs:write")) return null;
  return (
    <div className={classes.note}>
      <Popover
        opened={open}
        onChange={setOpen}
        position="bottom-start"
        offset={4}
        withinPortal={false}
        trapFocus
        returnFocus
        classNames={{ dropdown: classes.ways ?? "" }}
      >
        <Popover.Target>
          <Button variant="default" size="xs" loading={noting.isPending} onClick={() => setOpen(now => !now)}>
            {texts.noteWorkaround}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label={texts.noteWorkaround}>
          {WAYS.map(way => (
            <button
              key={way}
              type="button"
              className={classes.way}
              onClick={() => {
                setOpen(false);
                noting.mutate(way);
              }}
            >
              {texts.ways[way]}
            </button>
          ))}
        </Popover.Dropdown>
      </Popover>
      <span className={classes.told} role="status">
        {noting.data && (
          <>
            {texts.workaroundNoted(
              texts.ways[noting.data.way],
              noting.data.uses,
              dayWords(language, noting.data.retire_on),
            )}{" "}
            <Link to="/by-hand" search={{}}>
              {texts.allWorkarounds}
            </Link>
          </>
        )}
        {noting.error && (generalWords(texts, noting.error) ?? texts.failedPlain)}
      </span>
    </div>
  );
}
