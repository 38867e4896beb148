import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Boards } from "../connections/Boards";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { PlaceBar } from "../place/PlaceBar";
import { toConnector, toConnectors, usePlace } from "../place/place";
import { LevelMark } from "../readiness/LevelMark";
import { ConnectorIcon, SearchIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import frame from "../webhooks/WebhooksPage.module.css";
import classes from "./ConnectorsPage.module.css";
import { type Connector, connectorsQuery } from "./queries";
import { areasOf, LEVELS, type Shown, shownOf } from "./shown";

/** What can be connected, and how far each is proven. */
export function ConnectorsPage() {
  const { texts } = useTexts();
  const place = usePlace();
  const shown: Shown = useSearch({ strict: false });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data, error, refetch } = useQuery(connectorsQuery);
  useEffect(() => {
    document.title = `${texts.connectors} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  const rows = shownOf(data?.items ?? [], shown);
  return (
    <>
      {place && <PlaceBar place={place} here="connectors" />}
      <div className={frame.page}>
        <div className={frame.head}>
          <h1 className={frame.title}>{texts.connectors}</h1>
          {session.client && <Boards here="connectors" />}
        </div>
        <p className={frame.lead}>{texts.connectorsBody}</p>
        {!data ? (
          <LinesSkeleton lines={6} />
        ) : data.items.length === 0 ? (
          <Notice
            icon={<ConnectorIcon />}
            title={texts.emptyConnectorsTitle}
            body={texts.emptyConnectorsBody}
          />
        ) : (
          <>
            <Choice all={data.items} shown={shown} />
            {rows.length === 0 ? (
              <Notice icon={<ConnectorIcon />} title={texts.noConnectorTitle} body={texts.noConnectorBody}>
                <Button variant="default" renderRoot={props => <Link {...props} {...toConnectors(place)} />}>
                  {texts.clearFilter}
                </Button>
              </Notice>
            ) : (
              <>
                <p className={classes.count} role="status">
                  {texts.connectorsShown(rows.length)}
                </p>
                <ul className={classes.list} aria-label={texts.connectors}>
                  {rows.map(one => (
                    <Row key={one.name} one={one} />
                  ))}
                </ul>
              </>
            )}
          </>
        )}
      </div>
    </>
  );
}

/** What is looked for stands in the address. */
function Choice({ all, shown }: { all: readonly Connector[]; shown: Shown }) {
  const { texts } = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const go = (next: Shown) =>
    void navigate({ ...toConnectors(place, { ...shown, ...next }), replace: true, resetScroll: false });
  return (
    <search className={classes.choice}>
      <TextInput
        type="search"
        maxLength={200}
        aria-label={texts.findConnector}
        placeholder={texts.findConnector}
        value={shown.find ?? ""}
        leftSection={<SearchIcon />}
        onChange={event => go({ find: event.currentTarget.value || undefined })}
      />
      <NativeSelect
        aria-label={texts.levelWord}
        value={shown.level ?? ""}
        data={[
          { value: "", label: texts.anyLevel },
          ...LEVELS.map(value => ({ value, label: texts.levels[value] })),
        ]}
        onChange={event => go({ level: LEVELS.find(one => one === event.currentTarget.value) })}
      />
      <NativeSelect
        aria-label={texts.capabilityWord}
        value={shown.offers ?? ""}
        data={[
          { value: "", label: texts.anyCapability },
          ...areasOf(all, shown.offers).map(value => ({
            value,
            label: texts.capabilityAreas[value] ?? value,
          })),
        ]}
        onChange={event => go({ offers: event.currentTarget.value || undefined })}
      />
    </search>
  );
}

function Row({ one }: { one: Connector }) {
  const { texts } = useTexts();
  const place = usePlace();
  const writing = one.operations.filter(operation => operation.effect !== "read").length;
  return (
    <li className={frame.row}>
      <div className={frame.what}>
        <Link {...toConnector(place, one.name)} className={frame.link} data-row>
          {one.title}
        </Link>
        <span className={frame.facts}>
          <span>{texts.versionOf(one.version)}</span>
          <span>{texts.operationsOf(one.operations.length, writing)}</span>
          {one.triggers.length > 0 && <span>{texts.triggersOf(one.triggers.length)}</span>}
        </span>
      </div>
      <LevelMark level={one.certification.level} />
    </li>
  );
}
