import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { brandQuery } from "../api/queries";
import { useKeys, usePageKeys } from "../frame/keys";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { useRowKeys } from "../runs/rowKeys";
import { CompletedIcon, InboxIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { Chosen } from "./Chosen";
import { MOST, useChoosing } from "./choosing";
import { DecideMany } from "./DecideMany";
import classes from "./InboxPage.module.css";
import { MailChoice } from "./MailChoice";
import { type Shown, tasksQuery } from "./queries";
import { TaskList } from "./TaskList";
import { TaskPane } from "./TaskPane";
import { Views } from "./Views";

/** What people are asked to do: the list, and beside it the one that is open; on a phone one of the two. */
export function InboxPage() {
  const { texts } = useTexts();
  const shown = useSearch({ from: "/inside/inbox" });
  const { task } = useParams({ strict: false });
  const navigate = useNavigate();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data, error, refetch, ...list } = useInfiniteQuery(tasksQuery(shown));
  const rows = useMemo(() => data?.pages.flatMap(page => page.items) ?? [], [data]);
  const choosing = useChoosing(rows);
  const [deciding, setDeciding] = useState(false);
  useRowKeys();
  useKeys({
    x: () => {
      const id = (document.activeElement as HTMLElement | null)?.dataset.task ?? task;
      if (id) choosing.turn(id);
    },
    ...(choosing.tasks.length > 0 ? { d: () => setDeciding(true) } : {}),
  });
  usePageKeys(texts.inboxKeys);
  useEffect(() => {
    if (!task) document.title = `${texts.inbox} · ${brand.name}`;
  }, [texts, brand, task]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  // The next one is there already when this one is decided.
  const next = () => {
    const at = rows.findIndex(one => one.id === task);
    const following = rows[at + 1] ?? rows[at - 1];
    const place = following && following.id !== task ? following.id : null;
    void (place
      ? navigate({ to: "/inbox/$task", params: { task: place }, search: shown })
      : navigate({ to: "/inbox", search: shown }));
  };
  // Of two panes the open task is what the page is about.
  const Title = task ? "h2" : "h1";
  return (
    <div className={classes.inbox} data-open={task !== undefined || undefined}>
      <div className={classes.list}>
        <Title className={classes.title}>{texts.inbox}</Title>
        <Views shown={shown} rows={rows} />
        {!data ? (
          <div className={classes.inner}>
            <LinesSkeleton lines={6} />
          </div>
        ) : rows.length === 0 ? (
          <Notice
            icon={<CompletedIcon />}
            title={texts.noTasksTitle}
            body={isAll(shown) ? texts.noTasksBody : texts.noTasksSo}
          />
        ) : (
          <>
            {shown.which ? null : (
              <Chosen
                choosing={choosing}
                most={Math.min(rows.length, MOST)}
                decide={() => setDeciding(true)}
              />
            )}
            <TaskList
              rows={rows}
              choosing={shown.which ? null : choosing}
              shown={shown}
              chosen={task}
              more={list.hasNextPage}
              loading={list.isFetchingNextPage}
              onMore={() => void list.fetchNextPage()}
            />
          </>
        )}
        <MailChoice />
      </div>
      <div className={classes.pane}>
        {task ? (
          <TaskPane key={task} id={task} shown={shown} next={next} />
        ) : (
          rows.length > 0 && (
            <Notice icon={<InboxIcon />} title={texts.chooseTaskTitle} body={texts.chooseTaskBody} />
          )
        )}
      </div>
      {deciding && (
        <DecideMany
          tasks={choosing.tasks}
          close={() => {
            setDeciding(false);
            choosing.clear();
          }}
        />
      )}
    </div>
  );
}

const isAll = (shown: Shown): boolean => !shown.which && !shown.late && !shown.kind && !shown.queue;
