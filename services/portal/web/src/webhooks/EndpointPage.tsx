import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { WebhookIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { DeliveryDialog } from "./DeliveryDialog";
import { DeliveryTable } from "./DeliveryTable";
import { EndpointActs } from "./EndpointActs";
import classes from "./EndpointPage.module.css";
import { EndpointMark } from "./marks";
import { type Delivery, type DeliveryState, deliveriesQuery, type Endpoint, endpointQuery } from "./queries";

const STATES: readonly DeliveryState[] = ["pending", "failed", "delivered"];
const SECOND = 1_000;

/** How one endpoint stands, what can be done, and what became of each message. */
export function EndpointPage() {
  const { texts } = useTexts();
  const { endpoint: id } = useParams({ from: "/inside/webhooks/$endpoint" });
  const { state } = useSearch({ from: "/inside/webhooks/$endpoint" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: endpoint, error, refetch } = useQuery(endpointQuery(id));
  const log = useInfiniteQuery(deliveriesQuery(id, state));
  const [open, setOpen] = useState<Delivery | null>(null);
  const may = session.permissions.includes("webhooks:write");
  const title = endpoint ? endpoint.description || endpoint.url : texts.webhooks;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  const failure = error ?? log.error;
  if (failure && !(endpoint && log.data)) {
    return <Failure error={failure} reset={() => void Promise.all([refetch(), log.refetch()])} />;
  }
  const rows = log.data?.pages.flatMap(page => page.items) ?? [];
  return (
    <div className={classes.page}>
      <Link to="/webhooks" className={`${heading.back} ${classes.inset}`}>
        {texts.webhooks}
      </Link>
      <div className={`${heading.head} ${classes.inset}`}>
        <h1 className={heading.title} title={title}>
          {title}
        </h1>
        {endpoint && <EndpointMark endpoint={endpoint} />}
      </div>
      {endpoint && <Facts endpoint={endpoint} />}
      {endpoint && may && <EndpointActs endpoint={endpoint} />}
      <div className={classes.log}>
        <h2 className={heading.subtitle}>{texts.deliveries}</h2>
        <StateFilter endpoint={id} state={state} />
      </div>
      {!log.data ? (
        <LinesSkeleton lines={5} />
      ) : rows.length === 0 ? (
        <Notice
          icon={<WebhookIcon />}
          title={state ? texts.noDeliveriesOf(texts.deliveryStates[state]) : texts.noDeliveriesTitle}
          body={texts.noDeliveriesBody}
        />
      ) : (
        <DeliveryTable
          rows={rows}
          more={log.hasNextPage}
          loading={log.isFetchingNextPage}
          onMore={() => void log.fetchNextPage()}
          onOpen={setOpen}
        />
      )}
      <DeliveryDialog endpoint={id} delivery={open} may={may} close={() => setOpen(null)} />
    </div>
  );
}

function Facts({ endpoint }: { endpoint: Endpoint }) {
  const { texts, language } = useTexts();
  const now = useNow(SECOND);
  const earlier = endpoint.secrets.find(one => one.ends_at);
  const time = (at: string, words: (time: string) => string) => (
    <time dateTime={at} title={absolute(language, at)}>
      {words(relative(language, at, now, texts.justNow))}
    </time>
  );
  return (
    <>
      {(endpoint.failing_since || endpoint.status === "disabled") && (
        <p className={classes.trouble} data-role={endpoint.why === "asked" ? "warning" : "danger"}>
          {endpoint.status === "disabled"
            ? texts.endpointWhyLong[endpoint.why ?? "asked"]
            : endpoint.failing_since && time(endpoint.failing_since, texts.failingSince)}
        </p>
      )}
      <p className={`${heading.facts} ${classes.inset}`}>
        {endpoint.description && <span>{endpoint.url}</span>}
        <span>{texts.takes(endpoint.types.join(", "))}</span>
        {earlier?.ends_at && (
          <time dateTime={earlier.ends_at}>{texts.earlierSecret(absolute(language, earlier.ends_at))}</time>
        )}
      </p>
    </>
  );
}

/** Links, not buttons: a filter is an address. */
function StateFilter({ endpoint, state }: { endpoint: string; state: DeliveryState | undefined }) {
  const { texts } = useTexts();
  return (
    <nav className={classes.filter} aria-label={texts.filterByState}>
      <Link
        to="/webhooks/$endpoint"
        params={{ endpoint }}
        className={classes.one}
        data-chosen={state ? undefined : true}
        activeOptions={{ exact: true }}
      >
        {texts.all}
      </Link>
      {STATES.map(one => (
        <Link
          key={one}
          to="/webhooks/$endpoint"
          params={{ endpoint }}
          search={{ state: one }}
          className={classes.one}
          data-chosen={state === one || undefined}
          activeOptions={{ exact: true }}
        >
          {texts.deliveryStates[one]}
        </Link>
      ))}
    </nav>
  );
}
