import { Tooltip } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { brandQuery, sessionQuery } from "../api/queries";
import {
  AuditIcon,
  ClientIcon,
  ConnectorIcon,
  DeployIcon,
  ExceptionIcon,
  HeldIcon,
  InboxIcon,
  LibraryIcon,
  OrderIcon,
  ReadinessIcon,
  RunsIcon,
  WebhookIcon,
} from "../states/icons";
import { useTexts } from "../texts/texts";
import { AccountMenu } from "./AccountMenu";
import { BrandMark } from "./BrandMark";
import classes from "./Rail.module.css";

export function Rail() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const environment = session.environment ?? "";
  const known = environment in texts.environments ? (environment as keyof typeof texts.environments) : null;
  const webhooks = session.permissions.includes("webhooks:read")
    ? "/webhooks"
    : session.permissions.includes("connections:read")
      ? "/webhooks/incoming"
      : null;
  return (
    <header className={classes.rail}>
      <Link to="/" className={classes.brand} title={brand.name}>
        <BrandMark brand={brand} size={24} named />
      </Link>
      {session.client && session.environment && (
        <div className={classes.client}>
          <span className={classes.clientName} title={session.client.name}>
            {session.client.name}
          </span>
          <Tooltip label={known === null ? environment : texts.environmentHint[known]} openDelay={300}>
            <span className={classes.environment} data-environment={environment}>
              {known === null ? environment : texts.environments[known]}
            </span>
          </Tooltip>
        </div>
      )}
      <nav className={classes.jobs} data-places aria-label={texts.navigation}>
        <Link
          to={session.client ? "/runs" : "/clients"}
          className={classes.job}
          activeProps={{ "aria-current": "page" }}
        >
          {session.client ? <RunsIcon /> : <ClientIcon />}
          <span className={classes.jobName}>{session.client ? texts.runs : texts.clients}</span>
        </Link>
        {!session.client && session.permissions.includes("templates:read") && (
          <Link to="/library" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <LibraryIcon />
            <span className={classes.jobName}>{texts.library}</span>
          </Link>
        )}
        {!session.client && session.permissions.includes("connections:read") && (
          <Link to="/connectors" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <ConnectorIcon />
            <span className={classes.jobName}>{texts.connectors}</span>
          </Link>
        )}
        {session.client && session.permissions.includes("tasks:work") && (
          <Link to="/inbox" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <InboxIcon />
            <span className={classes.jobName}>{texts.inbox}</span>
          </Link>
        )}
        {session.client && session.permissions.includes("records:read") && (
          <Link to="/holds" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <HeldIcon />
            <span className={classes.jobName}>{texts.holdsTitle}</span>
          </Link>
        )}
        {session.client && (
          <Link to="/exceptions" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <ExceptionIcon />
            <span className={classes.jobName}>{texts.exceptions}</span>
          </Link>
        )}
        {session.client && session.permissions.includes("records:read") && (
          <Link to="/orders" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <OrderIcon />
            <span className={classes.jobName}>{texts.orders}</span>
          </Link>
        )}
        {session.client && webhooks && (
          <Link to={webhooks} className={classes.job} activeProps={{ "aria-current": "page" }}>
            <WebhookIcon />
            <span className={classes.jobName}>{texts.webhooks}</span>
          </Link>
        )}
        {session.acting && session.permissions.includes("deployments:read") && (
          <Link to="/readiness" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <ReadinessIcon />
            <span className={classes.jobName}>{texts.readiness}</span>
          </Link>
        )}
        {session.client && !session.acting && session.permissions.includes("connections:write") && (
          <Link to="/readiness/connections" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <ConnectorIcon />
            <span className={classes.jobName}>{texts.connections}</span>
          </Link>
        )}
        {session.client && session.permissions.includes("deployments:write") && (
          <Link to="/deployments" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <DeployIcon />
            <span className={classes.jobName}>{texts.deployments}</span>
          </Link>
        )}
        {session.permissions.includes("audit:read") && (
          <Link to="/audit" className={classes.job} activeProps={{ "aria-current": "page" }}>
            <AuditIcon />
            <span className={classes.jobName}>{texts.audit}</span>
          </Link>
        )}
      </nav>
      <div className={classes.foot}>
        <AccountMenu />
      </div>
    </header>
  );
}
