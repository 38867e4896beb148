import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { CompletedIcon, InboxIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./InboxPage.module.css";
import { MailChoice } from "./MailChoice";
import { countsQuery, type Shown, tasksQuery, type View } from "./queries";
import { TaskList } from "./TaskList";
import { TaskPane } from "./TaskPane";

const VIEWS: readonly View[] = ["inbox", "mine", "queues"];

/** What people are asked to do: the list, and beside it the one that is open; on a phone one of the two. */
export function InboxPage() {
  const { texts } = useTexts();
  const shown = useSearch({ from: "/inside/inbox" });
  const { task } = useParams({ strict: false });
  const navigate = useNavigate();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data, error, refetch, ...list } = useInfiniteQuery(tasksQuery(shown));
  useEffect(() => {
    if (!task) document.title = `${texts.inbox} · ${brand.name}`;
  }, [texts, brand, task]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  const rows = data?.pages.flatMap(page => page.items) ?? [];
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
        <Views shown={shown} />
        {!data ? (
          <div className={classes.inner}>
            <LinesSkeleton lines={6} />
          </div>
        ) : rows.length === 0 ? (
          <Notice icon={<CompletedIcon />} title={texts.noTasksTitle} body={texts.noTasksBody} />
        ) : (
          <TaskList
            rows={rows}
            shown={shown}
            chosen={task}
            more={list.hasNextPage}
            loading={list.isFetchingNextPage}
            onMore={() => void list.fetchNextPage()}
          />
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
    </div>
  );
}

/** Whose, of which queue, and in which order. Links, not buttons: what is shown is an address. */
function Views({ shown }: { shown: Shown }) {
  const { texts } = useTexts();
  const { data: counts } = useQuery(countsQuery);
  // What is asked of somebody outside is in no queue.
  const queues = counts?.queues.filter(one => one.role !== "") ?? [];
  return (
    <>
      <nav className={classes.views} aria-label={texts.taskViews}>
        {VIEWS.map(one => (
          <Link
            key={one}
            to="/inbox"
            search={{ ...shown, view: one === "inbox" ? undefined : one }}
            className={classes.one}
            data-chosen={(shown.view ?? "inbox") === one || undefined}
          >
            {texts.taskViewNames[one]}
            {one === "mine" && counts !== undefined && counts.mine > 0 && (
              <span className={classes.number}>{counts.mine}</span>
            )}
          </Link>
        ))}
        <Link
          to="/inbox"
          search={{ ...shown, sort: shown.sort ? undefined : "value" }}
          className={classes.one}
          data-chosen={shown.sort !== undefined || undefined}
        >
          {texts.byValue}
        </Link>
      </nav>
      {queues.length > 1 && (
        <nav className={classes.views} aria-label={texts.taskQueues}>
          {queues.map(one => (
            <Link
              key={one.role}
              to="/inbox"
              search={{ ...shown, queue: shown.queue === one.role ? undefined : one.role }}
              className={classes.one}
              data-chosen={shown.queue === one.role || undefined}
            >
              {one.role}
              <span className={classes.number} data-late={one.overdue > 0 || undefined}>
                {one.count}
              </span>
            </Link>
          ))}
        </nav>
      )}
    </>
  );
}
