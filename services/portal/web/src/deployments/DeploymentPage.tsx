import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { toDeployments, usePlace } from "../place/place";
import { useTexts } from "../texts/texts";
import classes from "./DeploymentPage.module.css";
import { MaterialsOf } from "./Materials";
import { DeploymentMark } from "./marks";
import { Propose } from "./Propose";
import { type Deployment, deploymentQuery, type Revision, revisionsQuery } from "./queries";
import { RollBack } from "./RollBack";
import { Setup } from "./Setup";

const MINUTE = 60_000;

/** One deployment: what it is, what it was, and the way back. */
export function DeploymentPage() {
  const { texts } = useTexts();
  const { deployment: id = "" } = useParams({ strict: false });
  const place = usePlace();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: deployment, error, refetch } = useQuery(deploymentQuery(place, id));
  const title = deployment?.name ?? texts.deployments;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !deployment) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <div className={classes.page}>
      <Link {...toDeployments(place)} className={heading.back}>
        {texts.deployments}
      </Link>
      {!deployment ? (
        <LinesSkeleton lines={6} />
      ) : (
        <>
          <div className={heading.head}>
            <h1 className={heading.title} title={title}>
              {title}
            </h1>
            <DeploymentMark status={deployment.status} />
          </div>
          <p className={heading.facts}>
            <span>{texts.workflowOf(deployment.workflow.name, deployment.workflow.version)}</span>
            <span>{texts.revisionOf(deployment.revision)}</span>
            <span>{texts.priorityOf[deployment.priority]}</span>
          </p>
          <Setup
            parameters={deployment.parameters}
            bindings={deployment.bindings}
            sources={deployment.sources}
          />
          {place && <Propose place={place} deployment={deployment} />}
          <MaterialsOf deployment={deployment.id} />
          <Revisions deployment={deployment} />
        </>
      )}
    </div>
  );
}

function Revisions({ deployment }: { deployment: Deployment }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const place = usePlace();
  const { data: past, error, refetch, ...list } = useInfiniteQuery(revisionsQuery(place, deployment.id));
  const [wanted, want] = useState<Revision | null>(null);
  const may = session.permissions.includes("deployments:write");
  if (error && !past) return <Failure error={error} reset={() => void refetch()} />;
  const rows = past?.pages.flatMap(page => page.items) ?? [];
  const present = rows.find(one => one.revision === deployment.revision);
  return (
    <section className={classes.part} aria-label={texts.revisions}>
      <h2 className={heading.subtitle}>{texts.revisions}</h2>
      <p className={classes.lead}>{texts.revisionsBody}</p>
      {!past ? (
        <LinesSkeleton lines={3} />
      ) : (
        <ul className={classes.list}>
          {rows.map(one => (
            <Row
              key={one.revision}
              revision={one}
              present={one.revision === deployment.revision}
              back={may && one.revision !== deployment.revision ? () => want(one) : null}
            />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button
          variant="default"
          size="xs"
          mt={12}
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {texts.moreOfThem}
        </Button>
      )}
      <RollBack deployment={deployment} present={present} to={wanted} close={() => want(null)} />
    </section>
  );
}

interface RowProps {
  revision: Revision;
  present: boolean;
  back: (() => void) | null;
}

function Row({ revision, present, back }: RowProps) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  return (
    <li className={classes.row}>
      <div className={classes.what}>
        <span className={classes.name}>
          {texts.revisionOf(revision.revision)}
          {present && <span className={classes.present}>{texts.runsNow}</span>}
        </span>
        <span className={heading.facts}>
          <span>{texts.workflowOf(revision.workflow.name, revision.workflow.version)}</span>
          <time dateTime={revision.made_at} title={absolute(language, revision.made_at)}>
            {relative(language, revision.made_at, now, texts.justNow)}
          </time>
        </span>
      </div>
      {back && (
        <Button
          variant="default"
          size="xs"
          className={classes.act ?? ""}
          aria-label={texts.rollBackTo(revision.revision)}
          onClick={back}
        >
          {texts.rollBack}
        </Button>
      )}
    </li>
  );
}
