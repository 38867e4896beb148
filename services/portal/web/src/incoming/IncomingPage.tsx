import { Button } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery } from "../api/queries";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { WebhookIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { Directions } from "../webhooks/Directions";
import classes from "../webhooks/WebhooksPage.module.css";
import { HookMark } from "./marks";
import { hooksQuery, type ListedHook } from "./queries";

/** Where other systems send their webhooks. */
export function IncomingPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: hooks, error, refetch, ...list } = useInfiniteQuery(hooksQuery);
  useEffect(() => {
    document.title = `${texts.incomingTitle} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !hooks) return <Failure error={error} reset={() => void refetch()} />;
  const rows = hooks?.pages.flatMap(page => page.items) ?? [];
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1 className={classes.title}>{texts.webhooks}</h1>
        <Directions here="incoming" />
      </div>
      <p className={classes.lead}>{texts.incomingBody}</p>
      {!hooks ? (
        <LinesSkeleton lines={3} />
      ) : rows.length === 0 ? (
        <Notice icon={<WebhookIcon />} title={texts.noHooksTitle} body={texts.noHooksBody} />
      ) : (
        <ul className={classes.list}>
          {rows.map(one => (
            <Row key={one.id} hook={one} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button
          mt={12}
          variant="default"
          size="xs"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {texts.moreHooks}
        </Button>
      )}
    </div>
  );
}

function Row({ hook }: { hook: ListedHook }) {
  const { texts, language } = useTexts();
  const now = useNow(1_000);
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <Link to="/webhooks/incoming/$hook" params={{ hook: hook.id }} className={classes.link} data-row>
          {hook.name}
        </Link>
        <span className={classes.facts}>
          {hook.last ? (
            <time dateTime={hook.last.received_at} title={absolute(language, hook.last.received_at)}>
              {texts.lastReceived(relative(language, hook.last.received_at, now, texts.justNow))}
            </time>
          ) : (
            <span>{texts.nothingReceived}</span>
          )}
          <span>{texts.provenBy[hook.verification.style]}</span>
        </span>
      </div>
      <HookMark hook={hook} />
    </li>
  );
}
