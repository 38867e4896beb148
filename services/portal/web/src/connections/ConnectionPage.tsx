import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { ConnectForm } from "../connectors/ConnectForm";
import frame from "../connectors/ConnectorPage.module.css";
import {
  type Connection,
  type ConnectorDetail,
  connectionQuery,
  connectorQuery,
  oneHealthQuery,
} from "../connectors/queries";
import { useLimitWords } from "../connectors/Settings";
import { useNow } from "../display/now";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import parts from "../pages/Parts.module.css";
import { PlaceBar } from "../place/PlaceBar";
import { toChange, toConnections, toConnector, usePlace } from "../place/place";
import { LevelMark } from "../readiness/LevelMark";
import { useTexts } from "../texts/texts";
import { CareForm } from "./CareForm";
import { ConnectionActs } from "./ConnectionActs";
import classes from "./ConnectionsPage.module.css";
import { Fact, HealthFacts, HealthWarnings } from "./HealthFacts";
import { HealthMark } from "./HealthMark";

const SECOND = 1_000;

/** One connection: how it is, whose it is, what it is held to, and, for who may change it, its settings. */
export function ConnectionPage() {
  const { texts } = useTexts();
  const { connection: id = "" } = useParams({ strict: false });
  const place = usePlace();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data, error, refetch } = useQuery(connectionQuery(place, id));
  const title = data?.name ?? texts.connections;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <>
      {place && <PlaceBar place={place} here="connections" />}
      <div className={frame.page}>
        <Link {...toConnections(place)} className={heading.back}>
          {texts.connections}
        </Link>
        {data ? <Shown key={data.id} one={data} /> : <LinesSkeleton lines={6} />}
      </div>
    </>
  );
}

function Shown({ one }: { one: Connection }) {
  const { texts } = useTexts();
  const place = usePlace();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: connector } = useQuery({
    ...connectorQuery(one.connector),
    enabled: one.certification !== null,
  });
  const { data: health } = useQuery(oneHealthQuery(place, one.id));
  const now = useNow(SECOND);
  // What somebody fills in stays while others, or the form above, change things.
  const [begun] = useState(one);
  const may = session.permissions.includes("connections:write");
  return (
    <>
      <div className={heading.head}>
        <h1 className={heading.title}>{one.name}</h1>
        {health && <HealthMark state={health.state} />}
        {one.certification && <LevelMark level={one.certification} />}
      </div>
      <p className={heading.facts}>
        {one.certification ? (
          <Link {...toConnector(place, one.connector)}>{connector?.title ?? one.connector}</Link>
        ) : (
          one.connector
        )}
      </p>
      <section className={parts.part} aria-label={texts.healthTitle}>
        <h2 className={heading.subtitle}>{texts.healthTitle}</h2>
        {health ? (
          <div>
            <HealthWarnings one={health} now={now} />
            <HealthFacts one={health} now={now} />
            {may && <ConnectionActs one={health} here />}
          </div>
        ) : (
          <LinesSkeleton lines={2} />
        )}
      </section>
      <section className={parts.part} aria-label={texts.care.title}>
        <h2 className={heading.subtitle}>{texts.care.title}</h2>
        {may && connector ? (
          <>
            <p className={parts.body}>{texts.care.body}</p>
            <CareForm connector={connector} known={one} />
          </>
        ) : (
          <CareFacts one={one} />
        )}
      </section>
      {may && connector && <SettingsPart connector={connector} known={begun} />}
    </>
  );
}

function CareFacts({ one }: { one: Connection }) {
  const { texts } = useTexts();
  const place = usePlace();
  const limits = useLimitWords(one.limits);
  const { data: fallback } = useQuery({
    ...connectionQuery(place, one.fallback ?? ""),
    enabled: one.fallback !== null,
  });
  return (
    <dl className={classes.facts}>
      <Fact word={texts.care.owner}>{one.owner ?? texts.care.nobody}</Fact>
      <Fact word={texts.care.limits}>{limits.join(", ")}</Fact>
      <Fact word={texts.care.fallback}>
        {one.fallback === null ? (
          texts.care.noFallback
        ) : (
          <Link {...toChange(place, one.fallback)}>{fallback?.name ?? one.fallback}</Link>
        )}
      </Fact>
    </dl>
  );
}

function SettingsPart({ connector, known }: { connector: ConnectorDetail; known: Connection }) {
  const { texts } = useTexts();
  return (
    <section className={parts.part} aria-label={texts.settingsTitle}>
      <h2 className={heading.subtitle}>{texts.settingsTitle}</h2>
      <p className={parts.body}>{texts.changeBody}</p>
      <ConnectForm connector={connector} known={known} />
    </section>
  );
}
