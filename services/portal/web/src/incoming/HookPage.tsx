import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { CopyText } from "../display/CopyText";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { WebhookIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "../webhooks/EndpointPage.module.css";
import { HookMark } from "./marks";
import { type Hook, hookQuery, type Received, type ReceivedState, receivedQuery } from "./queries";
import { ReceivedDialog } from "./ReceivedDialog";
import { ReceivedTable } from "./ReceivedTable";

const STATES: readonly ReceivedState[] = ["taken", "refused", "ignored"];

/** How one address stands, how its sender is proven, and what became of each message. */
export function HookPage() {
  const { texts } = useTexts();
  const { hook: id } = useParams({ from: "/inside/webhooks/incoming/$hook" });
  const { state } = useSearch({ from: "/inside/webhooks/incoming/$hook" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: hook, error, refetch } = useQuery(hookQuery(id));
  const log = useInfiniteQuery(receivedQuery(id, state));
  const [open, setOpen] = useState<Received | null>(null);
  const title = hook?.name ?? texts.incomingTitle;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  const failure = error ?? log.error;
  if (failure && !(hook && log.data)) {
    return <Failure error={failure} reset={() => void Promise.all([refetch(), log.refetch()])} />;
  }
  const rows = log.data?.pages.flatMap(page => page.items) ?? [];
  return (
    <div className={classes.page}>
      <Link to="/webhooks/incoming" className={`${heading.back} ${classes.inset}`}>
        {texts.incomingTitle}
      </Link>
      <div className={`${heading.head} ${classes.inset}`}>
        <h1 className={heading.title}>{title}</h1>
        {hook && <HookMark hook={hook} />}
      </div>
      {hook && <Facts hook={hook} />}
      <div className={classes.log}>
        <h2 className={heading.subtitle}>{texts.hookMessages}</h2>
        <StateFilter hook={id} state={state} />
      </div>
      {!log.data ? (
        <LinesSkeleton lines={5} />
      ) : rows.length === 0 ? (
        <Notice
          icon={<WebhookIcon />}
          title={state ? texts.noReceivedOf(texts.receivedStates[state]) : texts.noReceivedTitle}
          body={texts.noReceivedBody}
        />
      ) : (
        <ReceivedTable
          rows={rows}
          more={log.hasNextPage}
          loading={log.isFetchingNextPage}
          onMore={() => void log.fetchNextPage()}
          onOpen={setOpen}
        />
      )}
      <ReceivedDialog
        hook={id}
        received={open}
        reads={session.permissions.includes("events:read")}
        takes={session.permissions.includes("events:write")}
        close={() => setOpen(null)}
      />
    </div>
  );
}

function Facts({ hook }: { hook: Hook }) {
  const { texts } = useTexts();
  return (
    <>
      {hook.status !== "active" && (
        <p className={classes.trouble} data-role="warning">
          {texts.hookDisabledLong}
        </p>
      )}
      {hook.weaknesses.map(one => (
        <p key={one} className={classes.trouble} data-role="warning">
          {texts.hookWeakness[one]}
        </p>
      ))}
      <p className={`${heading.facts} ${classes.inset}`}>
        <span>{texts.provenBy[hook.verification.style]}</span>
        <span>{texts.hookSource(hook.source)}</span>
      </p>
      {hook.path && (
        <p className={`${heading.facts} ${classes.inset}`}>
          <span>{texts.hookPath}</span>
          <CopyText text={hook.path} />
        </p>
      )}
    </>
  );
}

/** Links, not buttons: a filter is an address. */
function StateFilter({ hook, state }: { hook: string; state: ReceivedState | undefined }) {
  const { texts } = useTexts();
  return (
    <nav className={classes.filter} aria-label={texts.filterByState}>
      {[undefined, ...STATES].map(one => (
        <Link
          key={one ?? ""}
          to="/webhooks/incoming/$hook"
          params={{ hook }}
          search={one ? { state: one } : {}}
          className={classes.one}
          data-chosen={state === one || undefined}
          activeOptions={{ exact: true }}
        >
          {one ? texts.receivedStates[one] : texts.all}
        </Link>
      ))}
    </nav>
  );
}
