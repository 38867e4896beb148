import { Button } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { sessionQuery } from "../api/queries";
import { human } from "../display/names";
import choices from "../exceptions/ExceptionsPage.module.css";
import { useNames } from "../exceptions/useNames";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Listing, listing } from "../pages/Listing";
import { useTexts } from "../texts/texts";
import classes from "./ByHandPage.module.css";
import { dayWords } from "./day";
import { type Shown, type Workaround, type WorkaroundAction, workaroundsQuery } from "./queries";
import { type Doing, WorkaroundDialog } from "./WorkaroundDialog";

const ACTIONS: readonly WorkaroundAction[] = ["retire", "postpone", "assign"];

/** What is done beside the systems, whose it is to end it, and by when. */
export function Workarounds({ state, shown }: { state: "open" | "retired"; shown: Shown }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data, ...list } = useInfiniteQuery(workaroundsQuery(state));
  const [doing, setDoing] = useState<Doing | null>(null);
  const rows = data?.pages.flatMap(page => page.items) ?? [];
  const acts = session.permissions.includes("runs:write") && state === "open";
  const of = texts.workaroundColumns;
  return (
    <section aria-label={texts.workarounds}>
      <div className={classes.headRow}>
        <h2 className={classes.heading}>{texts.workarounds}</h2>
        <nav className={choices.choices} aria-label={texts.workarounds}>
          {(["open", "retired"] as const).map(one => (
            <Link
              key={one}
              to="/by-hand"
              search={{ ...shown, state: one === "open" ? undefined : one }}
              className={choices.one}
              data-chosen={one === state || undefined}
            >
              {texts.workaroundStates[one]}
            </Link>
          ))}
        </nav>
      </div>
      <p className={classes.about}>{texts.workaroundsAbout}</p>
      {!data ? (
        <LinesSkeleton lines={3} />
      ) : rows.length === 0 ? (
        <p className={classes.none}>{texts.noWorkarounds[state]}</p>
      ) : (
        <Listing
          label={texts.workarounds}
          columns={[
            [of.what],
            [of.uses, classes.number],
            [of.owner, classes.owner],
            [of.until, classes.day],
            ...(acts ? [[of.acts, classes.doing] as const] : []),
          ]}
          shown={texts.workaroundsShown(rows.length, list.hasNextPage)}
          more={list.hasNextPage}
          loading={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        >
          {rows.map(one => (
            <Row key={one.id} one={one} act={acts ? setDoing : null} />
          ))}
        </Listing>
      )}
      {doing && <WorkaroundDialog doing={doing} me={session.account.id} close={() => setDoing(null)} />}
    </section>
  );
}

function Row({ one, act }: { one: Workaround; act: ((doing: Doing) => void) | null }) {
  const { texts, language } = useTexts();
  const nameOf = useNames();
  const name = `${human(one.step.replaceAll(".", " "))}: ${texts.ways[one.way]}`;
  return (
    <tr role="row" className={`${listing.row} ${classes.row}`}>
      <td role="cell" className={classes.cell}>
        <strong>{name}</strong>
        {(one.reason ?? one.words) && (
          <span className={classes.words} dir="auto">
            {one.reason ?? one.words}
          </span>
        )}
      </td>
      <td role="cell" className={`${classes.number} ${classes.cell} numbers`}>
        {texts.usesPerWeek(one.uses, one.uses_per_week)}
      </td>
      <td role="cell" className={listing.quiet}>
        <bdi>{nameOf("owner", one.owner)}</bdi>
      </td>
      <td role="cell" className={`${listing.quiet} ${one.overdue ? classes.late : ""}`}>
        {one.overdue
          ? texts.pastItsDay(dayWords(language, one.retire_on))
          : dayWords(language, one.retired_at?.slice(0, 10) ?? one.retire_on)}
      </td>
      {act && (
        <td role="cell">
          <span className={classes.acts}>
            {ACTIONS.map(action => (
              <Button
                key={action}
                variant="default"
                size="compact-xs"
                aria-label={`${texts.workaroundActs[action].act}: ${name}`}
                onClick={() => act({ action, one, name })}
              >
                {texts.workaroundActs[action].act}
              </Button>
            ))}
          </span>
        </td>
      )}
    </tr>
  );
}
