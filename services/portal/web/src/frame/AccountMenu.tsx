import { type MantineColorScheme, Menu, useMantineColorScheme } from "@mantine/core";
import { useMutation, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, Problem } from "../api/client";
import { sessionQuery } from "../api/queries";
import { queries } from "../app/cache";
import { initials } from "../display/names";
import { SortIcon } from "../states/icons";
import { LANGUAGES } from "../texts/language";
import { CATALOGUE, useTexts } from "../texts/texts";
import classes from "./AccountMenu.module.css";
import { useHelp } from "./Help";

const THEMES: readonly MantineColorScheme[] = ["light", "dark", "auto"];

export function AccountMenu() {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const showHelp = useHelp();
  const leave = useSignOut();
  return (
    <Menu
      position="top-start"
      width={216}
      offset={6}
      shadow="none"
      classNames={{ dropdown: classes.dropdown ?? "" }}
    >
      <Menu.Target>
        <button
          type="button"
          className={classes.account}
          aria-label={`${texts.account}: ${session.account.name}`}
        >
          <span className={classes.avatar} aria-hidden="true" data-initials={initials(session.account.name)} />
          <span className={classes.name}>{session.account.name}</span>
          <SortIcon className={classes.sort} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.who}>
          <span className={classes.whoName}>{session.account.name}</span>
          <span className={classes.email}>{session.account.email}</span>
        </div>
        <Menu.Divider />
        <Choices />
        <Menu.Divider />
        <Menu.Item onClick={showHelp} rightSection={<kbd className={classes.key}>?</kbd>}>
          {texts.keyboard}
        </Menu.Item>
        <Menu.Item onClick={leave}>{texts.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Choices() {
  const { texts, language, choose } = useTexts();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <Menu.Label>{texts.theme}</Menu.Label>
      <div className={classes.choices}>
        {THEMES.map(theme => (
          <Menu.Item
            key={theme}
            role="menuitemradio"
            aria-checked={theme === colorScheme}
            closeMenuOnClick={false}
            onClick={() => setColorScheme(theme)}
            className={classes.choice}
          >
            {texts.themes[theme]}
          </Menu.Item>
        ))}
      </div>
      <Menu.Label>{texts.languageWord}</Menu.Label>
      <div className={classes.choices}>
        {LANGUAGES.map(one => (
          <Menu.Item
            key={one}
            role="menuitemradio"
            aria-checked={one === language}
            lang={one}
            closeMenuOnClick={false}
            onClick={() => choose(one)}
            className={classes.choice}
          >
            {CATALOGUE[one].language}
          </Menu.Item>
        ))}
      </div>
    </>
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
