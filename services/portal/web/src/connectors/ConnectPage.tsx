import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import parts from "../pages/Parts.module.css";
import { PlaceBar } from "../place/PlaceBar";
import { toConnect, toConnector, usePlace } from "../place/place";
import { Where } from "../place/Where";
import { LevelMark } from "../readiness/LevelMark";
import { useTexts } from "../texts/texts";
import { ConnectForm } from "./ConnectForm";
import classes from "./ConnectorPage.module.css";
import { connectionQuery, connectorQuery } from "./queries";

const FIRST = "test";

/** Makes a connection of one connector; somebody of the partner's own says for whom. */
export function ConnectPage() {
  const { connector: name = "" } = useParams({ strict: false });
  return <Page connector={name} connection={null} />;
}

/** Changes the settings and secrets of a connection. */
export function ChangeConnectionPage() {
  const { connection: id = "" } = useParams({ strict: false });
  const place = usePlace();
  // What somebody fills in stays while others change things.
  const { data, error, refetch } = useQuery({
    ...connectionQuery(place, id),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  return data ? <Page connector={data.connector} connection={data} /> : <LinesSkeleton lines={6} />;
}

function Page({
  connector: name,
  connection,
}: {
  connector: string;
  connection: Parameters<typeof ConnectForm>[0]["known"];
}) {
  const { texts } = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: connector, error, refetch } = useQuery(connectorQuery(name));
  const title = connection
    ? texts.changeTitle(connection.name)
    : texts.connectTitle(connector?.title ?? name);
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !connector) return <Failure error={error} reset={() => void refetch()} />;
  const environment = place?.environment ?? FIRST;
  return (
    <>
      {place && connection && <PlaceBar place={place} here="connections" />}
      <div className={classes.page}>
        <Link {...toConnector(place, name)} className={heading.back}>
          {connector?.title ?? name}
        </Link>
        <div className={heading.head}>
          <h1 className={heading.title}>{title}</h1>
          {connector && <LevelMark level={connector.certification.level} />}
        </div>
        {!session.client && !connection && (
          <Where
            client={place?.client ?? ""}
            environment={environment}
            go={next => {
              const client = next.client ?? place?.client;
              const there = client ? { client, environment: next.environment ?? environment } : null;
              void navigate({ ...toConnect(there, name), replace: true });
            }}
          />
        )}
        {connector && (session.client || place) && (
          <section className={parts.part} aria-label={texts.settingsTitle}>
            <h2 className={heading.subtitle}>{texts.settingsTitle}</h2>
            <p className={parts.body}>{connection ? texts.changeBody : texts.connectBody}</p>
            <ConnectForm
              key={connection?.id ?? `${place?.client}/${place?.environment}`}
              connector={connector}
              known={connection}
            />
          </section>
        )}
      </div>
    </>
  );
}
