import { Popover } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, Problem } from "../api/client";
import { sessionQuery } from "../api/queries";
import { useSignal } from "../api/signal";
import { queries } from "../app/cache";
import { initials } from "../display/names";
import { SortIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./AccountMenu.module.css";
import { useHelp } from "./Help";
import { KeysChoice } from "./KeysChoice";
import { singleKeys } from "./keys";
import { LanguageChoice } from "./LanguageChoice";
import { ThemeChoice } from "./ThemeChoice";

/** Who is signed in, how the pages look to them, and the way out. */
export function AccountMenu() {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const [open, setOpen] = useState(false);
  const showHelp = useHelp();
  const keys = useSignal(singleKeys);
  const leave = useSignOut();
  const help = () => {
    setOpen(false);
    showHelp();
  };
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="top-start"
      width={232}
      offset={6}
      withinPortal={false}
      trapFocus
      returnFocus
      classNames={{ dropdown: classes.dropdown ?? "" }}
    >
      <Popover.Target>
        <button
          type="button"
          className={classes.account}
          aria-label={`${texts.account}: ${session.account.name}`}
          onClick={() => setOpen(now => !now)}
        >
          <span
            className={classes.avatar}
            aria-hidden="true"
            data-initials={initials(session.account.name)}
          />
          <span className={classes.name}>{session.account.name}</span>
          <SortIcon className={classes.sort} />
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={texts.account}>
        <div className={classes.who}>
          <span className={classes.whoName}>{session.account.name}</span>
          <span className={classes.email}>{session.account.email}</span>
        </div>
        <div className={classes.choices}>
          <ThemeChoice />
          <LanguageChoice titled />
          <KeysChoice />
        </div>
        <div className={classes.acts}>
          {session.client && session.permissions.includes("tasks:work") && (
            <Link to="/account/absence" className={classes.act} onClick={() => setOpen(false)}>
              {texts.absence}
            </Link>
          )}
          <Link to="/account/password" className={classes.act} onClick={() => setOpen(false)}>
            {texts.ownPassword}
          </Link>
          <Link to="/account/passkeys" className={classes.act} onClick={() => setOpen(false)}>
            {texts.passkeys}
          </Link>
          <Link to="/account/second-factor" className={classes.act} onClick={() => setOpen(false)}>
            {texts.secondFactor}
          </Link>
          <button type="button" className={classes.act} onClick={help}>
            {texts.keyboard}
            {keys && <kbd className={classes.key}>?</kbd>}
          </button>
          <button type="button" className={classes.act} onClick={leave}>
            {texts.signOut}
          </button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function useSignOut(): () => void {
  const navigate = useNavigate();
  const leaving = useMutation({
    mutationFn: async () => {
      try {
        await api.DELETE("/portal/session");
      } catch (error) {
        // A session that had ended already is what was wanted.
        if (!(error instanceof Problem && error.status === 401)) throw error;
      }
    },
    onSuccess: async () => {
      await navigate({ to: "/sign-in" });
      queries.removeQueries({ predicate: query => query.queryKey[0] !== "brand" });
    },
  });
  return () => leaving.mutate();
}
