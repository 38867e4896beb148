import { NativeSelect } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { CloseIcon, CompletedIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { ActDialog, type Wish } from "./ActDialog";
import { ChosenBar } from "./ChosenBar";
import classes from "./ExceptionsPage.module.css";
import { ExceptionTable } from "./ExceptionTable";
import { GroupList } from "./GroupList";
import { grouped } from "./groups";
import { exceptionsQuery, groupsQuery } from "./queries";
import { BYS, cutOf, cutsOf, filterOf, type Shown, SORTS } from "./shown";
import { useChosen } from "./useChosen";
import { useNames } from "./useNames";

/** Everything that stands still and does not go on by itself: what costs most first, and what can be done with it. */
export function ExceptionsPage() {
  const { texts } = useTexts();
  const shown = useSearch({ from: "/inside/exceptions" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: groups } = useQuery(groupsQuery(shown));
  const { data, error, refetch, ...list } = useInfiniteQuery(exceptionsQuery(shown));
  const [wish, setWish] = useState<Wish | null>(null);
  const rows = data?.pages.flatMap(page => page.items) ?? [];
  const chosen = useChosen(rows);
  useEffect(() => {
    document.title = `${texts.exceptions} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  const may = session.permissions.includes("runs:write");
  const isCut = cutsOf(shown).length > 0 || shown.mine;
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1 className={classes.title}>{texts.exceptions}</h1>
        <Choices shown={shown} />
      </div>
      <Cuts shown={shown} />
      {groups && groups.items.length > 0 && (
        <GroupList by={groups.by} groups={grouped(groups.items)} shown={shown} />
      )}
      {!data ? (
        <LinesSkeleton lines={5} />
      ) : rows.length === 0 ? (
        <Notice
          icon={<CompletedIcon />}
          title={isCut ? texts.noneOfTheseTitle : texts.noExceptionsTitle}
          body={isCut ? texts.noneOfTheseBody : texts.noExceptionsBody}
        />
      ) : (
        <>
          {may && (
            <ChosenBar
              chosen={chosen}
              shown={rows.length}
              more={list.hasNextPage && !shown.mine}
              ask={action =>
                setWish({ action, filter: chosen.all ? filterOf(shown) : { ids: [...chosen.ids] } })
              }
            />
          )}
          <ExceptionTable
            rows={rows}
            chosen={may ? chosen : null}
            more={list.hasNextPage}
            loading={list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
          />
        </>
      )}
      <ActDialog
        wish={wish}
        me={session.account.id}
        close={() => {
          setWish(null);
          chosen.clear();
        }}
      />
    </div>
  );
}

/** In which order, and whose. Links, not buttons: what is shown is an address. */
function Choices({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const sort = shown.sort ?? "risk";
  return (
    <nav className={classes.choices} aria-label={texts.exceptionOrder}>
      {SORTS.map(one => (
        <Link
          key={one}
          to="/exceptions"
          search={{ ...shown, sort: one === "risk" ? undefined : one }}
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
      <Link to="/by-hand" search={{}} className={classes.one}>
        {texts.byHand}
      </Link>
    </nav>
  );
}

/** What they are grouped by, and what they are narrowed to: each goes with a press. */
function Cuts({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const nameOf = useNames();
  const navigate = useNavigate();
  return (
    <div className={classes.cuts}>
      <NativeSelect
        size="xs"
        aria-label={texts.groupBy}
        value={shown.by ?? "category"}
        data={BYS.map(value => ({ value, label: texts.groupedBy(texts.groupNames[value]) }))}
        onChange={event => {
          const by = BYS.find(one => one === event.currentTarget.value && one !== "category");
          void navigate({ to: "/exceptions", search: { ...shown, by } });
        }}
      />
      {cutsOf(shown).map(by => {
        const value = shown[cutOf(by)] ?? "";
        const name = nameOf(by, by === "owner" && value === "none" ? null : value);
        return (
          <Link
            key={by}
            to="/exceptions"
            search={{ ...shown, [cutOf(by)]: undefined }}
            className={classes.cut}
            aria-label={texts.withoutCut(texts.groupNames[by], name)}
          >
            <span className={classes.cutName}>{texts.groupNames[by]}</span> <bdi>{name}</bdi>
            <CloseIcon width={12} height={12} />
          </Link>
        );
      })}
    </div>
  );
}
