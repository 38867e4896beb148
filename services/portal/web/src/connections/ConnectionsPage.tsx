import { Button } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { useNow } from "../display/now";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { PlaceBar } from "../place/PlaceBar";
import { toChange, toConnector, toConnectors, usePlace } from "../place/place";
import { LevelMark } from "../readiness/LevelMark";
import { ReadinessIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import frame from "../webhooks/WebhooksPage.module.css";
import { Boards } from "./Boards";
import { ConnectionActs } from "./ConnectionActs";
import classes from "./ConnectionsPage.module.css";
import { HealthFacts, HealthWarnings } from "./HealthFacts";
import { HealthMark } from "./HealthMark";
import { type ConnectionHealth, healthQuery } from "./queries";

const SECOND = 1_000;

/** How each connection of the environment is, what was found of it last, and what can be done. */
export function ConnectionsPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const place = usePlace();
  const health = useInfiniteQuery(healthQuery(place));
  const now = useNow(SECOND);
  const may = session.permissions.includes("connections:write");
  useEffect(() => {
    document.title = `${texts.connections} · ${brand.name}`;
  }, [texts, brand]);
  if (health.error && !health.data) {
    return <Failure error={health.error} reset={() => void health.refetch()} />;
  }
  const rows = health.data?.pages.flatMap(page => page.items) ?? [];
  return (
    <>
      {place && <PlaceBar place={place} here="connections" />}
      <div className={frame.page}>
        <div className={frame.head}>
          <h1 className={frame.title}>{place ? texts.connections : texts.readiness}</h1>
          {!place && <Boards here="connections" />}
          {may && (
            <Button renderRoot={props => <Link {...props} {...toConnectors(place)} />}>
              {texts.makeConnection}
            </Button>
          )}
        </div>
        <p className={frame.lead}>{texts.connectionsBody}</p>
        {!health.data ? (
          <LinesSkeleton lines={3} />
        ) : rows.length === 0 ? (
          <Notice icon={<ReadinessIcon />} title={texts.noConnectionsTitle} body={texts.noConnectionsBody} />
        ) : (
          <ul className={classes.list} aria-label={texts.connections}>
            {rows.map(one => (
              <Row key={one.id} one={one} may={may} now={now} />
            ))}
          </ul>
        )}
        {health.hasNextPage && (
          <Button
            variant="default"
            size="xs"
            mt={12}
            loading={health.isFetchingNextPage}
            onClick={() => void health.fetchNextPage()}
          >
            {texts.moreConnections}
          </Button>
        )}
      </div>
    </>
  );
}

function Row({ one, may, now }: { one: ConnectionHealth; may: boolean; now: number }) {
  const place = usePlace();
  return (
    <li className={classes.row} aria-label={one.name}>
      <div className={classes.head}>
        <div className={classes.what}>
          <h2 className={classes.name}>
            <Link {...toChange(place, one.id)}>{one.name}</Link>
          </h2>
          <span className={frame.facts}>
            {one.certification ? (
              <Link {...toConnector(place, one.connector)}>{one.title}</Link>
            ) : (
              <span>{one.title}</span>
            )}
            {one.certification && <LevelMark level={one.certification} />}
          </span>
        </div>
        <HealthMark state={one.state} />
      </div>
      <HealthWarnings one={one} now={now} />
      <HealthFacts one={one} now={now} />
      {may && <ConnectionActs one={one} />}
    </li>
  );
}
