import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { PlaceBar } from "../place/PlaceBar";
import { toPromotion, usePlace } from "../place/place";
import { DeployIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./DeploymentsPage.module.css";
import { DeploymentTable } from "./DeploymentTable";
import { deploymentsQuery, type Promotion, proposalsQuery } from "./queries";

const MINUTE = 60_000;

/** What runs here, and what is to, once somebody has said so. */
export function DeploymentsPage() {
  const { texts } = useTexts();
  const place = usePlace();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: deployments, error, refetch, ...list } = useInfiniteQuery(deploymentsQuery(place));
  const { data: proposals } = useQuery(proposalsQuery(place));
  useEffect(() => {
    document.title = `${texts.deployments} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !deployments) return <Failure error={error} reset={() => void refetch()} />;
  const rows = deployments?.pages.flatMap(page => page.items) ?? [];
  return (
    <>
      {place && <PlaceBar place={place} here="deployments" />}
      <div className={classes.head}>
        <h1 className={classes.title}>{texts.deployments}</h1>
        {place && place.environment !== "live" && session.permissions.includes("deployments:write") && (
          <Button
            className={classes.deploy ?? ""}
            renderRoot={props => <Link {...props} to="/library" search={{ ...place }} />}
          >
            {texts.deployTemplate}
          </Button>
        )}
      </div>
      {proposals && proposals.items.length > 0 && <Proposals rows={proposals.items} />}
      {!deployments ? (
        <div className={classes.loading}>
          <LinesSkeleton lines={4} />
        </div>
      ) : rows.length === 0 ? (
        <Notice icon={<DeployIcon />} title={texts.noDeploymentsTitle} body={texts.noDeploymentsBody} />
      ) : (
        <DeploymentTable
          rows={rows}
          more={list.hasNextPage}
          loading={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      )}
    </>
  );
}

function Proposals({ rows }: { rows: Promotion[] }) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  const place = usePlace();
  return (
    <section className={classes.proposals} aria-label={texts.toDecide}>
      <h2 className={classes.subtitle}>{texts.toDecide}</h2>
      <ul>
        {rows.map(one => (
          <li key={one.id} className={classes.proposal}>
            <Link {...toPromotion(place, one.id)} className={classes.link}>
              {one.name}
            </Link>
            <span className={classes.facts}>
              <span>{texts.promotedFrom(one.workflow.name, one.workflow.version, one.environment)}</span>
              <time dateTime={one.proposed_at} title={absolute(language, one.proposed_at)}>
                {texts.proposedAgo(relative(language, one.proposed_at, now, texts.justNow))}
              </time>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
