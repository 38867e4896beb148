import { Link } from "@tanstack/react-router";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Listing, listing } from "../pages/Listing";
import { toDeployment, usePlace } from "../place/place";
import { useTexts } from "../texts/texts";
import classes from "./DeploymentsPage.module.css";
import { DeploymentMark } from "./marks";
import type { Deployment } from "./queries";

const MINUTE = 60_000;

interface Props {
  rows: Deployment[];
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

export function DeploymentTable({ rows, more, loading, onMore }: Props) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  const place = usePlace();
  const of = texts.deploymentColumns;
  return (
    <Listing
      label={texts.deployments}
      columns={[
        [of.name],
        [of.workflow, classes.workflow],
        [of.state, classes.state],
        [of.revised, classes.revised],
      ]}
      shown={texts.deploymentsShown(rows.length, more)}
      more={more}
      moreWord={texts.moreOfThem}
      loading={loading}
      onMore={onMore}
    >
      {rows.map(one => (
        <tr key={one.id} role="row" className={`${listing.row} ${classes.row}`}>
          <td role="cell" className={classes.name}>
            <Link {...toDeployment(place, one.id)} className={listing.open} title={one.name} data-row>
              {one.name}
            </Link>
          </td>
          <td role="cell" className={`${listing.quiet} ${classes.workflow}`}>
            {texts.workflowOf(one.workflow.name, one.workflow.version)}
          </td>
          <td role="cell" className={classes.state}>
            <DeploymentMark status={one.status} />
          </td>
          <td role="cell" className={`${listing.quiet} ${classes.revised}`}>
            <time dateTime={one.revised_at} title={absolute(language, one.revised_at)}>
              {relative(language, one.revised_at, now, texts.justNow)}
            </time>
          </td>
        </tr>
      ))}
    </Listing>
  );
}
