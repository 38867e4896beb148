import { NativeSelect } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { sessionQuery } from "../api/queries";
import { human } from "../display/names";
import { useTexts } from "../texts/texts";
import classes from "./InboxPage.module.css";
import { countsQuery, type Shown, type Task, type View } from "./queries";

const VIEWS: readonly View[] = ["inbox", "mine", "queues"];

/** Whose, of which queue and kind, and in which order. Links, not buttons: what is shown is an address. */
export function Views({ shown, rows }: { shown: Shown; rows: readonly Task[] }) {
  const { texts } = useTexts();
  const { data: counts } = useQuery(countsQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const views: readonly View[] = session.permissions.includes("tasks:manage") ? [...VIEWS, "all"] : VIEWS;
  // What is asked of somebody outside is in no queue.
  const queues = counts?.queues.filter(one => one.role !== "") ?? [];
  const late = queues.reduce((sum, one) => sum + one.overdue, 0);
  return (
    <>
      <nav className={classes.views} aria-label={texts.taskViews}>
        {views.map(one => (
          <Lens
            key={one}
            search={{ ...shown, view: one === "inbox" ? undefined : one, which: undefined }}
            chosen={!shown.which && (shown.view ?? "inbox") === one}
          >
            {texts.taskViewNames[one]}
            {one === "mine" && counts !== undefined && counts.mine > 0 && (
              <span className={classes.number}>{counts.mine}</span>
            )}
          </Lens>
        ))}
        <Lens
          search={{ ...shown, which: shown.which ? undefined : "closed", late: undefined }}
          chosen={!!shown.which}
        >
          {texts.tasksOver}
        </Lens>
      </nav>
      <nav className={classes.views} aria-label={texts.taskOrder}>
        <Lens search={{ ...shown, sort: shown.sort ? undefined : "value" }} chosen={!!shown.sort}>
          {texts.byValue}
        </Lens>
        {!shown.which && (
          <Lens search={{ ...shown, late: shown.late ? undefined : true }} chosen={!!shown.late}>
            {texts.onlyLate}
            {late > 0 && (
              <span className={classes.number} data-late>
                {late}
              </span>
            )}
          </Lens>
        )}
        <Kinds shown={shown} rows={rows} />
      </nav>
      {queues.length > 1 && (
        <nav className={classes.views} aria-label={texts.taskQueues}>
          {queues.map(one => (
            <Lens
              key={one.role}
              search={{ ...shown, queue: shown.queue === one.role ? undefined : one.role }}
              chosen={shown.queue === one.role}
            >
              {one.role}
              <span className={classes.number} data-late={one.overdue > 0 || undefined}>
                {one.count}
              </span>
            </Lens>
          ))}
        </nav>
      )}
    </>
  );
}

function Lens({ search, chosen, children }: { search: Shown; chosen: boolean; children: ReactNode }) {
  return (
    <Link
      to="/inbox"
      search={search}
      className={classes.one}
      data-chosen={chosen || undefined}
      aria-current={chosen ? "true" : undefined}
    >
      {children}
    </Link>
  );
}

/** Of the kinds that are listed one alone; nothing where there is but one. */
function Kinds({ shown, rows }: { shown: Shown; rows: readonly Task[] }) {
  const { texts } = useTexts();
  const navigate = useNavigate();
  const kinds = [...new Set([...rows.map(one => one.kind), ...(shown.kind ? [shown.kind] : [])])].sort();
  if (kinds.length < 2 && !shown.kind) return null;
  return (
    <NativeSelect
      size="xs"
      className={classes.kinds ?? ""}
      aria-label={texts.taskKind}
      value={shown.kind ?? ""}
      data={[{ value: "", label: texts.allKinds }, ...kinds.map(value => ({ value, label: human(value) }))]}
      onChange={event =>
        void navigate({ to: "/inbox", search: { ...shown, kind: event.currentTarget.value || undefined } })
      }
    />
  );
}
