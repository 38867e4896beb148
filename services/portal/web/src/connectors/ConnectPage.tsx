import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import parts from "../pages/Parts.module.css";
import { toConnect, toConnector, usePlace } from "../place/place";
import { Where } from "../place/Where";
import { LevelMark } from "../readiness/LevelMark";
import { useTexts } from "../texts/texts";
import { ConnectForm } from "./ConnectForm";
import classes from "./ConnectorPage.module.css";
import { connectorQuery } from "./queries";

const FIRST = "test";

/** Makes a connection of one connector; somebody of the partner's own says for whom. */
export function ConnectPage() {
  const { connector: name = "" } = useParams({ strict: false });
  const { texts } = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: connector, error, refetch } = useQuery(connectorQuery(name));
  const title = texts.connectTitle(connector?.title ?? name);
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !connector) return <Failure error={error} reset={() => void refetch()} />;
  const environment = place?.environment ?? FIRST;
  return (
    <div className={classes.page}>
      <Link {...toConnector(place, name)} className={heading.back}>
        {connector?.title ?? name}
      </Link>
      <div className={heading.head}>
        <h1 className={heading.title}>{title}</h1>
        {connector && <LevelMark level={connector.certification.level} />}
      </div>
      {!session.client && (
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
          <p className={parts.body}>{texts.connectBody}</p>
          <ConnectForm key={`${place?.client}/${place?.environment}`} connector={connector} known={null} />
        </section>
      )}
    </div>
  );
}
