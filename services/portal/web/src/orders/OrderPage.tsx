import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { Problem } from "../api/client";
import { brandQuery, sessionQuery } from "../api/queries";
import { NoteWorkaround } from "../byhand/NoteWorkaround";
import { CopyText } from "../display/CopyText";
import { human } from "../display/names";
import { KeptBy } from "../holds/KeptBy";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { PageHead } from "../pages/PageHead";
import header from "../run/RunHeader.module.css";
import { OrderIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { Documents } from "./Documents";
import classes from "./OrderPage.module.css";
import { type Entity, entityQuery, numberOf, recordQuery, timelineQuery } from "./queries";
import { Story } from "./Story";

/** Everything that happened to one order, or to any other record that has an address here. */
export function OrderPage() {
  const { texts } = useTexts();
  const { entity: id } = useParams({ from: "/inside/orders/$entity" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: entity, error, refetch } = useQuery(entityQuery(id));
  const story = useInfiniteQuery(timelineQuery(id));
  const title = entity ? numberOf(entity) : texts.orders;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  const failure = error ?? story.error;
  if (failure && !(entity && story.data)) {
    return <Failure error={failure} reset={() => void Promise.all([refetch(), story.refetch()])} />;
  }
  const lines = story.data?.pages.flatMap(page => page.items) ?? [];
  return (
    <>
      {entity && <Head entity={entity} />}
      {entity?.kind === "sales-order" && <KeptBy order={numberOf(entity)} />}
      {entity && (
        <div className={classes.aside}>
          <NoteWorkaround step={entity.kind} about={{ kind: entity.kind, key: numberOf(entity) }} />
        </div>
      )}
      <div className={classes.body}>
        {entity && <Documents entity={id} />}
        <section className={classes.story} aria-label={texts.whatHappened}>
          <h2 className={classes.heading}>{texts.whatHappened}</h2>
          {!story.data || !entity ? (
            <div className={classes.loading}>
              <LinesSkeleton lines={6} />
            </div>
          ) : lines.length === 0 ? (
            <Notice
              icon={<OrderIcon />}
              title={texts.nothingHappenedTitle}
              body={texts.nothingHappenedBody}
            />
          ) : (
            <Story
              lines={lines}
              entity={id}
              saves={session.permissions.includes("payloads:read")}
              works={session.permissions.includes("tasks:work")}
            />
          )}
          {story.hasNextPage && (
            <Button
              className={classes.more ?? ""}
              variant="default"
              size="xs"
              loading={story.isFetchingNextPage}
              onClick={() => void story.fetchNextPage()}
            >
              {texts.laterLines}
            </Button>
          )}
          {story.data?.pages.at(-1)?.is_cut && !story.hasNextPage && (
            <p className={classes.cut}>{texts.storyIsCut}</p>
          )}
        </section>
      </div>
    </>
  );
}

function Head({ entity }: { entity: Entity }) {
  const { texts } = useTexts();
  const number = numberOf(entity);
  return (
    <PageHead
      from={
        <Link to="/orders" className="quiet-link">
          {texts.orders}
        </Link>
      }
      title={number}
      mark={<State entity={entity} />}
    >
      {entity.merged_into && (
        <p className={classes.merged}>
          {texts.mergedInto}{" "}
          <Link to="/orders/$entity" params={{ entity: entity.merged_into }}>
            {texts.openThatOne}
          </Link>
        </p>
      )}
      <dl className={header.facts}>
        {entity.kind !== "sales-order" && (
          <div>
            <dt>{texts.recordKind}</dt>
            <dd>{human(entity.kind)}</dd>
          </div>
        )}
        {entity.keys.map(key => (
          <div key={`${key.system} ${key.value}`} className={header.id}>
            <dt>{texts.inSystem(key.system)}</dt>
            <dd>
              <CopyText text={key.value} />
            </dd>
          </div>
        ))}
      </dl>
    </PageHead>
  );
}

/** The state that an order is in, for who may read what systems said of it; and how many places they differ at. */
function State({ entity }: { entity: Entity }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const reads = session.permissions.includes("events:read");
  const { data: known, error } = useQuery({ ...recordQuery(entity.id), enabled: reads });
  if (!known || (error instanceof Problem && error.status === 403)) return null;
  const state = (known.record as { state?: unknown } | null)?.state;
  return (
    <>
      {typeof state === "string" && (
        <span className={classes.state}>
          {state in texts.orderStates
            ? texts.orderStates[state as keyof typeof texts.orderStates]
            : human(state)}
        </span>
      )}
      {known.conflicts.length > 0 && (
        <span className={classes.conflicts} title={known.conflicts.map(one => one.path).join(", ")}>
          {texts.systemsDiffer(known.conflicts.length)}
        </span>
      )}
    </>
  );
}
