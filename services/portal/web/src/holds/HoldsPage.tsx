import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import classes from "../exceptions/ExceptionsPage.module.css";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { CompletedIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { ClearMany } from "./ClearMany";
import { Filters } from "./Filters";
import { HoldTable } from "./HoldTable";
import { KindList } from "./KindList";
import { grouped } from "./kinds";
import { holdsQuery, summaryQuery } from "./queries";
import { cutsOf, type Shown, SORTS } from "./shown";

/** Everything that keeps orders from going out: the next deadline first, who looks after it and what is at risk. */
export function HoldsPage() {
  const { texts } = useTexts();
  const shown = useSearch({ from: "/inside/holds" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const isActive = shown.status === undefined;
  const { data: summary } = useQuery({ ...summaryQuery(shown), enabled: isActive });
  const { data, error, refetch, ...list } = useInfiniteQuery(holdsQuery(shown));
  const rows = data?.pages.flatMap(page => page.items) ?? [];
  useEffect(() => {
    document.title = `${texts.holdsTitle} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  const isCut = cutsOf(shown).length > 0 || !isActive;
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1 className={classes.title}>{texts.holdsTitle}</h1>
        <Sorts shown={shown} />
      </div>
      <Filters shown={shown} />
      {isActive && summary && summary.items.length > 0 && (
        <KindList groups={grouped(summary.items)} shown={shown} />
      )}
      {isActive && session.permissions.includes("holds:write") && (
        <ClearMany shown={shown} offered={rows.length > 1} />
      )}
      {!data ? (
        <LinesSkeleton lines={5} />
      ) : rows.length === 0 ? (
        <Notice
          icon={<CompletedIcon />}
          title={isCut ? texts.noneOfTheseTitle : texts.noHoldsTitle}
          body={isCut ? texts.noneHeldBody : texts.noHoldsBody}
        />
      ) : (
        <HoldTable
          rows={rows}
          shown={shown}
          more={list.hasNextPage}
          loading={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      )}
    </div>
  );
}

/** In which order. Links, not buttons: what is shown is an address. */
function Sorts({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const sort = shown.sort ?? "due";
  return (
    <nav className={classes.choices} aria-label={texts.holdOrder}>
      {SORTS.map(one => (
        <Link
          key={one}
          to="/holds"
          search={{ ...shown, sort: one === "due" ? undefined : one }}
          className={classes.one}
          data-chosen={sort === one || undefined}
        >
          {texts.holdSorts[one]}
        </Link>
      ))}
    </nav>
  );
}
