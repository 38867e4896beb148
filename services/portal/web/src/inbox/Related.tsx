import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { sessionQuery } from "../api/queries";
import { human } from "../display/names";
import { type Entity, entitiesOf, numberOf, recordQuery, timelineQuery } from "../orders/queries";
import { Story } from "../orders/Story";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { RecordFields } from "../record/RecordFields";
import { useTexts } from "../texts/texts";
import type { TaskView } from "./queries";
import classes from "./Related.module.css";

/** From here on form and record stand side by side; the same as in TaskPane.module.css. */
const WIDE = "(min-width: 1181px)";

type About = NonNullable<TaskView["entity"]>;

/** What the task is about: what systems say of it now, and what happened to it. Nothing for who may read neither. */
export function Related({ about }: { about: About }) {
  const { texts } = useTexts();
  const { data, error, refetch } = useQuery(entitiesOf(about.kind, about.key));
  const title = `${human(about.kind)} ${about.key}`;
  const [only, ...others] = data ?? [];
  return (
    <div className={classes.related}>
      {!data ? (
        <Part title={title}>
          {error ? (
            <Failed title={texts.relatedFailed} again={() => void refetch()} />
          ) : (
            <LinesSkeleton lines={4} />
          )}
        </Part>
      ) : !only ? (
        <Part title={title}>
          <p className={classes.quiet}>{texts.nothingKnownOf}</p>
        </Part>
      ) : others.length > 0 ? (
        <Part title={title}>
          <p className={classes.quiet}>{texts.severalOf(about.key)}</p>
          <ul className={classes.several}>
            {data.map(one => (
              <li key={one.id}>
                <Open entity={one}>{one.keys.map(key => `${key.system} ${key.value}`).join(", ")}</Open>
              </li>
            ))}
          </ul>
        </Part>
      ) : (
        <>
          <Record entity={only} title={title} />
          <Happened entity={only.id} />
        </>
      )}
    </div>
  );
}

/** Whether somebody may read of what a task is about. */
export function useSeesRelated(): boolean {
  const { data: session } = useSuspenseQuery(sessionQuery);
  return session.permissions.includes("records:read");
}

function Record({ entity, title }: { entity: Entity; title: string }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const reads = session.permissions.includes("events:read");
  const { data, error, refetch } = useQuery({ ...recordQuery(entity.id), enabled: reads });
  if (!reads) return null;
  const record = data?.record as Readonly<globalThis.Record<string, unknown>> | null | undefined;
  return (
    <Part title={title} aside={<Open entity={entity}>{texts.openRecord(numberOf(entity))}</Open>}>
      {!data ? (
        error ? (
          <Failed title={texts.relatedFailed} again={() => void refetch()} />
        ) : (
          <LinesSkeleton lines={6} />
        )
      ) : record ? (
        <>
          {data.conflicts.length > 0 && (
            <p className={classes.differ}>{texts.systemsDiffer(data.conflicts.length)}</p>
          )}
          <RecordFields record={record} />
          {data.systems.length > 0 && (
            <p className={classes.quiet}>{texts.saidBy(data.systems.join(", "))}</p>
          )}
        </>
      ) : (
        <p className={classes.quiet}>{texts.nothingSaid}</p>
      )}
    </Part>
  );
}

function Happened({ entity }: { entity: string }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const story = useInfiniteQuery(timelineQuery(entity));
  // Beside the form it is open; below it, it would be a long way to the history of the task.
  const isWide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false });
  const lines = story.data?.pages.flatMap(page => page.items) ?? [];
  return (
    <details className={classes.story} open={isWide}>
      <summary className={classes.title}>{texts.whatHappened}</summary>
      {!story.data ? (
        story.error ? (
          <Failed title={texts.timelineFailed} again={() => void story.refetch()} />
        ) : (
          <LinesSkeleton lines={4} />
        )
      ) : lines.length === 0 ? (
        <p className={classes.quiet}>{texts.nothingHappenedBody}</p>
      ) : (
        <Story
          lines={lines}
          entity={entity}
          saves={session.permissions.includes("payloads:read")}
          works={session.permissions.includes("tasks:work")}
        />
      )}
      {story.hasNextPage && (
        <Button
          variant="default"
          size="xs"
          loading={story.isFetchingNextPage}
          onClick={() => void story.fetchNextPage()}
        >
          {texts.laterLines}
        </Button>
      )}
      {story.data?.pages.at(-1)?.is_cut && !story.hasNextPage && (
        <p className={classes.quiet}>{texts.storyIsCut}</p>
      )}
    </details>
  );
}

function Part({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <div className={classes.head}>
        <h2 className={classes.title} dir="auto">
          {title}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

function Open({ entity, children }: { entity: Entity; children: ReactNode }) {
  return (
    <Link to="/orders/$entity" params={{ entity: entity.id }} className={classes.open}>
      {children}
    </Link>
  );
}

function Failed({ title, again }: { title: string; again: () => void }) {
  const { texts } = useTexts();
  return (
    <div role="alert" className={classes.failed}>
      <p>{title}</p>
      <Button variant="default" size="xs" onClick={again}>
        {texts.tryAgain}
      </Button>
    </div>
  );
}
