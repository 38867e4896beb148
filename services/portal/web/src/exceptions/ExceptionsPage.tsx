import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { CompletedIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { ActDialog, type Wish } from "./ActDialog";
import classes from "./ExceptionsPage.module.css";
import { ExceptionTable } from "./ExceptionTable";
import { GroupList } from "./GroupList";
import { grouped } from "./groups";
import { type Action, exceptionsQuery, type Shown, type Sort, summaryQuery, TAKES } from "./queries";

const SORTS: readonly Sort[] = ["deadline", "value", "age"];

/** Everything that stands still and does not go on by itself, by what is wrong, and what can be done with it. */
export function ExceptionsPage() {
  const { texts } = useTexts();
  const shown = useSearch({ from: "/inside/exceptions" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: summary } = useQuery(summaryQuery);
  const owner = shown.mine ? `account:${session.account.id}` : undefined;
  const { data, error, refetch, ...list } = useInfiniteQuery(exceptionsQuery(shown, owner));
  const [wish, setWish] = useState<Wish | null>(null);
  useEffect(() => {
    document.title = `${texts.exceptions} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  const rows = data?.pages.flatMap(page => page.items) ?? [];
  const may = session.permissions.includes("runs:write");
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1 className={classes.title}>{texts.exceptions}</h1>
        <Choices shown={shown} />
      </div>
      {summary && summary.items.length > 0 && <GroupList groups={grouped(summary.items)} shown={shown} />}
      {may && shown.category && rows.length > 0 && (
        <OfAll
          shown={shown}
          owner={owner}
          count={rows.length}
          more={list.hasNextPage}
          ask={action => setWish({ action, filter: { ...filterOf(shown, owner) } })}
        />
      )}
      {!data ? (
        <LinesSkeleton lines={5} />
      ) : rows.length === 0 ? (
        <Notice icon={<CompletedIcon />} title={texts.noExceptionsTitle} body={texts.noExceptionsBody} />
      ) : (
        <ExceptionTable
          rows={rows}
          may={may}
          more={list.hasNextPage}
          loading={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
          ask={(action, one) => setWish({ action, filter: { ids: [one.id] } })}
        />
      )}
      <ActDialog wish={wish} me={session.account.id} close={() => setWish(null)} />
    </div>
  );
}

const filterOf = ({ category, connection }: Shown, owner: string | undefined) => ({
  ...(category ? { category } : {}),
  ...(connection ? { connection } : {}),
  ...(owner ? { owner } : {}),
});

/** In which order, and whose. Links, not buttons: what is shown is an address. */
function Choices({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const sort = shown.sort ?? "age";
  return (
    <nav className={classes.choices} aria-label={texts.exceptionOrder}>
      {SORTS.map(one => (
        <Link
          key={one}
          to="/exceptions"
          search={{ ...shown, sort: one === "age" ? undefined : one }}
          className={classes.one}
          data-chosen={sort === one || undefined}
        >
          {texts.exceptionSorts[one]}
        </Link>
      ))}
      <Link
        to="/exceptions"
        search={{ ...shown, mine: shown.mine ? undefined : true }}
        className={classes.one}
        data-chosen={shown.mine || undefined}
      >
        {texts.onlyMine}
      </Link>
    </nav>
  );
}

interface OfAllProps {
  shown: Shown;
  owner: string | undefined;
  count: number;
  more: boolean;
  ask: (action: Action) => void;
}

/** What can be done with all of a group at once; the dialog says first how many that is. */
function OfAll({ shown, count, more, ask }: OfAllProps) {
  const { texts } = useTexts();
  if (!shown.category) return null;
  return (
    <div className={classes.all}>
      <span className={classes.quiet}>{texts.ofAll(count, more)}</span>
      {TAKES[shown.category].map(one => (
        <Button key={one} variant="default" size="xs" onClick={() => ask(one)}>
          {texts.exceptionActs[one].act}
        </Button>
      ))}
    </div>
  );
}
