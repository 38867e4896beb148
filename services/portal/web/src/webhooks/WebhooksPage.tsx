import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { useResumed } from "../session/resuming";
import { WebhookIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { AddEndpoint } from "./AddEndpoint";
import { Directions } from "./Directions";
import { EndpointMark } from "./marks";
import { type Endpoint, endpointsQuery } from "./queries";
import classes from "./WebhooksPage.module.css";

/** Where the client's events go. */
export function WebhooksPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: endpoints, error, refetch } = useQuery(endpointsQuery);
  const resumed = useResumed("add-endpoint", session.account.id);
  const [adding, setAdding] = useState(resumed !== null);
  const may = session.permissions.includes("webhooks:write");
  // Events go out whole, so whoever says where to reads them whole.
  const adds = may && session.permissions.includes("payloads:read");
  useEffect(() => {
    document.title = `${texts.webhooks} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !endpoints) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <h1 className={classes.title}>{texts.webhooks}</h1>
        <Directions here="outgoing" />
        {adds && <Button onClick={() => setAdding(true)}>{texts.addEndpoint}</Button>}
      </div>
      <p className={classes.lead}>{may ? texts.webhooksBody : texts.webhooksOnly}</p>
      {!endpoints ? (
        <LinesSkeleton lines={3} />
      ) : endpoints.items.length === 0 ? (
        <Notice
          icon={<WebhookIcon />}
          title={texts.noEndpointsTitle}
          body={adds ? texts.noEndpointsBody : texts.noEndpointsOnly}
        />
      ) : (
        <ul className={classes.list}>
          {endpoints.items.map(one => (
            <Row key={one.id} endpoint={one} />
          ))}
        </ul>
      )}
      <AddEndpoint open={adding} resumed={resumed} close={() => setAdding(false)} />
    </div>
  );
}

function Row({ endpoint }: { endpoint: Endpoint }) {
  const { texts } = useTexts();
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <Link
          to="/webhooks/$endpoint"
          params={{ endpoint: endpoint.id }}
          className={classes.link}
          data-row
          title={endpoint.url}
        >
          {endpoint.description || endpoint.url}
        </Link>
        <span className={classes.facts}>
          {endpoint.description && <span className={classes.url}>{endpoint.url}</span>}
          <span className={classes.types}>{texts.takes(endpoint.types.join(", "))}</span>
        </span>
      </div>
      <EndpointMark endpoint={endpoint} />
    </li>
  );
}
