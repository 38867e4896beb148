import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type RunView, sessionQuery } from "../api/queries";
import { CopyText } from "../display/CopyText";
import { human } from "../display/names";
import { absolute, between, duration, relative } from "../display/time";
import { Freshness } from "../frame/Freshness";
import { ChevronIcon } from "../states/icons";
import { StateMark, shownState } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import classes from "./RunHeader.module.css";

/** From here on a key breaks anywhere. */
const LONG = 40;

export function RunHeader({ run, now }: { run: RunView; now: number }) {
  const { texts, language } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const audited = session.permissions.includes("audit:read");
  const began = run.started_at ?? run.created_at;
  return (
    <header className={classes.head}>
      <nav className={classes.trail} aria-label={texts.back}>
        <Link to="/runs" className="quiet-link">
          {texts.runs}
        </Link>
        <ChevronIcon width={12} height={12} />
        <span className={classes.here}>{run.business_key ?? texts.noKey}</span>
        <span className={classes.fresh}>
          <Freshness />
        </span>
      </nav>
      <div className={classes.titleRow}>
        <h1
          className={classes.title}
          dir="auto"
          data-long={(run.business_key ?? "").length > LONG || undefined}
          title={run.business_key ?? ""}
        >
          {run.business_key ?? texts.noKey}
        </h1>
        <StateMark state={shownState(run)} boxed />
      </div>
      <dl className={classes.facts}>
        <div>
          <dt>{texts.columns.template}</dt>
          <dd>
            {run.workflow.title ?? human(run.workflow.name)}{" "}
            <span className={classes.quiet}>{run.workflow.version}</span>
          </dd>
        </div>
        <div>
          <dt>{texts.started}</dt>
          <dd title={absolute(language, began)}>{relative(language, began, now, texts.justNow)}</dd>
        </div>
        <div>
          <dt>{texts.ran}</dt>
          <dd className="numbers">
            {run.started_at ? duration(language, between(run.started_at, run.ended_at ?? now)) : "–"}
          </dd>
        </div>
        {run.compensates && <Linked words={texts.undoes} run={run.compensates} />}
        {run.compensated_by && <Linked words={texts.undoneBy} run={run.compensated_by} />}
        {audited && (
          <div>
            <dt>{texts.audit}</dt>
            <dd>
              <Link to="/audit" search={{ find: run.id }} className="quiet-link">
                {texts.runTrail}
              </Link>
            </dd>
          </div>
        )}
        <div className={classes.id}>
          <dt>{texts.runId}</dt>
          <dd>
            <CopyText text={run.id} />
          </dd>
        </div>
      </dl>
    </header>
  );
}

function Linked({ words, run }: { words: string; run: string }) {
  const { texts } = useTexts();
  return (
    <div>
      <dt>{words}</dt>
      <dd>
        <Link to="/runs/$run" params={{ run }} search={{}} className="quiet-link" title={run}>
          {texts.openRun}
        </Link>
      </dd>
    </div>
  );
}
