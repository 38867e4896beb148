import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Item, Part } from "../pages/Parts";
import { PlaceBar } from "../place/PlaceBar";
import { toConnect, toConnectors, usePlace } from "../place/place";
import { LevelMark } from "../readiness/LevelMark";
import { useTexts } from "../texts/texts";
import classes from "./ConnectorPage.module.css";
import { Operations, Triggers } from "./Operations";
import { Proof } from "./Proof";
import { type ConnectorDetail, connectorQuery } from "./queries";
import { Limits, Settings } from "./Settings";
import { Simulators } from "./Simulators";
import { Users } from "./Users";

/** One connector: how far it is proven, what it can do, what it asks for, and what surprises who uses it. */
export function ConnectorPage() {
  const { texts } = useTexts();
  const place = usePlace();
  const { connector: name = "" } = useParams({ strict: false });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: connector, error, refetch } = useQuery(connectorQuery(name));
  const title = connector?.title ?? texts.connectors;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !connector) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <>
      {place && <PlaceBar place={place} here="connectors" />}
      <div className={classes.page}>
        <Link {...toConnectors(place)} className={heading.back}>
          {texts.connectors}
        </Link>
        {connector ? <Shown connector={connector} /> : <LinesSkeleton lines={8} />}
      </div>
    </>
  );
}

function Shown({ connector }: { connector: ConnectorDetail }) {
  const { texts } = useTexts();
  const place = usePlace();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const writing = connector.operations.filter(one => one.effect !== "read").length;
  return (
    <>
      <div className={heading.head}>
        <h1 className={heading.title}>{connector.title}</h1>
        <LevelMark level={connector.certification.level} />
        {session.permissions.includes("connections:write") && (
          <Button
            className={classes.act ?? ""}
            renderRoot={props => <Link {...props} {...toConnect(place, connector.name)} />}
          >
            {texts.makeConnection}
          </Button>
        )}
      </div>
      <p className={heading.facts}>
        <span>{connector.name}</span>
        <span>{texts.versionOf(connector.version)}</span>
        <span>{texts.operationsOf(connector.operations.length, writing)}</span>
        {connector.triggers.length > 0 && <span>{texts.triggersOf(connector.triggers.length)}</span>}
      </p>
      <div className={classes.columns}>
        <div>
          <Proof connector={connector} />
          <Part title={texts.trapsTitle} body={connector.traps.length === 0 ? texts.trapsNone : null}>
            {connector.traps.length > 0 && connector.traps.map(one => <Item key={one} text={one} />)}
          </Part>
          <Operations connector={connector} />
          <Triggers triggers={connector.triggers} />
        </div>
        <div>
          <Users connector={connector} />
          <Part title={texts.rightsTitle} body={connector.scopes.length === 0 ? texts.rightsNone : null}>
            {connector.scopes.length > 0 && connector.scopes.map(one => <Item key={one} text={one} />)}
          </Part>
          <Limits connector={connector} />
          <Settings connector={connector} />
          <Simulators connector={connector} />
        </div>
      </div>
    </>
  );
}
