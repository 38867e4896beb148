import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { RunSummary } from "../api/queries";
import { human } from "../display/names";
import { useNow } from "../display/now";
import { absolute, between, duration, relative, sinceWords } from "../display/time";
import { Listing, listing } from "../pages/Listing";
import { StateMark, shownState } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import { hasEnded } from "./live";
import classes from "./RunTable.module.css";
import { failedAt, heldBecause, useReasons } from "./reason";

interface Props {
  rows: RunSummary[];
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

export function RunTable({ rows, more, loading, onMore }: Props) {
  const { texts } = useTexts();
  const now = useNow(1_000);
  const reasons = useReasons(rows.some(run => run.waiting_for));
  return (
    <Listing
      page
      label={texts.runs}
      columns={[
        [texts.columns.order],
        [texts.columns.state, classes.state],
        [texts.columns.note, classes.note],
        [texts.columns.template, classes.template],
        [texts.columns.started, classes.started],
        [texts.columns.duration, classes.duration],
      ]}
      shown={texts.shown(rows.length, more)}
      more={more}
      loading={loading}
      onMore={onMore}
    >
      {rows.map(run => (
        <Row
          key={run.id}
          run={run}
          now={hasEnded(run) ? sinceWords(began(run), now) : now}
          why={heldBecause(run, texts) ?? failedAt(run, texts) ?? reasons(run)?.short ?? null}
        />
      ))}
    </Listing>
  );
}

const began = (run: RunSummary): string => run.started_at ?? run.created_at;

const Row = memo(function Row({ run, now, why }: { run: RunSummary; now: number; why: string | null }) {
  const { texts, language } = useTexts();
  const title = run.workflow.title ?? human(run.workflow.name);
  return (
    <tr role="row" className={`${listing.row} ${classes.row}`}>
      <td role="cell" className={classes.order}>
        <Link
          to="/runs/$run"
          params={{ run: run.id }}
          className={listing.open}
          data-row
          title={run.business_key ?? run.id}
        >
          {run.business_key ?? <span className={classes.none}>{texts.noKey}</span>}
        </Link>
      </td>
      <td role="cell" className={classes.state}>
        <StateMark state={shownState(run)} />
      </td>
      <td role="cell" className={classes.note} title={why ?? ""}>
        {why}
      </td>
      <td role="cell" className={classes.template} title={`${title} ${run.workflow.version}`}>
        {title} <span className={classes.version}>{run.workflow.version}</span>
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.started}`}>
        <time dateTime={began(run)} title={absolute(language, began(run))}>
          {relative(language, began(run), now, texts.justNow)}
        </time>
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.duration}`}>
        {run.started_at ? duration(language, between(run.started_at, run.ended_at ?? now)) : "–"}
      </td>
    </tr>
  );
});
