import { Button } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import type { Schemas } from "../api/client";
import { sessionQuery } from "../api/queries";
import { useNow } from "../display/now";
import { size } from "../display/size";
import { absolute, relative } from "../display/time";
import { DocumentIcon, LockIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./Documents.module.css";
import { contentOf, formOf } from "./files";
import { documentsQuery } from "./queries";

type Document = Schemas["DocumentView"];

const SECOND = 1_000;
const HANDED_OUT = new Set(["clean", "unscanned"]);

/** Files that belong to a record, the newest first; who may have the data whole saves them from here. */
export function Documents({ entity }: { entity: string }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data, error, ...list } = useInfiniteQuery(documentsQuery(entity));
  const reads = session.permissions.includes("payloads:read");
  const rows = data?.pages.flatMap(page => page.items) ?? [];
  return (
    <section className={classes.documents} aria-label={texts.documents}>
      <h2 className={classes.heading}>{texts.documents}</h2>
      {error && !data && <p className={classes.quiet}>{texts.documentsFailed}</p>}
      {data && rows.length === 0 && <p className={classes.quiet}>{texts.noDocuments}</p>}
      {rows.length > 0 && (
        <ul className={classes.list}>
          {rows.map(one => (
            <Item key={one.id} one={one} entity={entity} reads={reads} />
          ))}
        </ul>
      )}
      {rows.length > 0 && !reads && (
        <p className={classes.locked}>
          <LockIcon width={14} height={14} />
          {texts.documentsRefused}
        </p>
      )}
      {list.hasNextPage && (
        <Button
          variant="default"
          size="xs"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {texts.olderDocuments}
        </Button>
      )}
    </section>
  );
}

function Item({ one, entity, reads }: { one: Document; entity: string; reads: boolean }) {
  const { texts, language } = useTexts();
  const now = useNow(SECOND);
  const name = one.name ?? texts.aDocument;
  return (
    <li className={classes.item}>
      <span className={classes.icon}>
        <DocumentIcon />
      </span>
      <div className={classes.words}>
        {reads && HANDED_OUT.has(one.state) ? (
          <a className={classes.name} href={contentOf(one.id, { entity })} download title={name} dir="auto">
            {name}
          </a>
        ) : (
          <span className={classes.name} title={name} dir="auto">
            {name}
          </span>
        )}
        <span className={classes.facts}>
          <span>{formOf(one.media_type)}</span>
          <span>{size(language, one.size)}</span>
          <span>{texts.documentClasses[one.document_class]}</span>
          <time dateTime={one.created_at} title={absolute(language, one.created_at)}>
            {relative(language, one.created_at, now, texts.justNow)}
          </time>
        </span>
        {(one.state === "held" || one.state === "infected") && (
          <span className={classes.state} data-state={one.state}>
            {texts.documentStates[one.state]}
          </span>
        )}
      </div>
    </li>
  );
}
