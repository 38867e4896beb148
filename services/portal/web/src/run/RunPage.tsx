import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo } from "react";
import { Problem } from "../api/client";
import { brandQuery, graphQuery, journalQuery, type RunView, runQuery, sessionQuery } from "../api/queries";
import { useDelay, useNow } from "../display/now";
import { useKeys } from "../frame/keys";
import { Failure } from "../pages/Failure";
import { RunNotFound } from "../pages/NotFound";
import { hasEnded } from "../runs/live";
import { useRowKeys } from "../runs/rowKeys";
import { useTexts } from "../texts/texts";
import { OutcomeCard } from "./OutcomeCard";
import { faultedEnd } from "./outcome";
import { ProgressNote } from "./ProgressNote";
import { RunHeader } from "./RunHeader";
import classes from "./RunPage.module.css";
import { GraphSkeleton, RunSkeleton } from "./RunSkeleton";
import { current, fold, latest, visits } from "./steps";
import { TaskPanel } from "./TaskPanel";
import { Timeline } from "./Timeline";
import { WaitingNote } from "./WaitingNote";

const drawing = () => import("./Graph").then(({ Graph: found }) => ({ default: found }));
const Graph = lazy(drawing);

export function RunPage() {
  const { run: id } = useParams({ from: "/inside/runs/$run" });
  const { data: run, error, refetch } = useQuery(runQuery(id));
  const late = useDelay();
  // Fetched beside the run, and not once that is there.
  useEffect(() => void drawing().catch(() => {}), []);
  if (error && !run) {
    const missing =
      error instanceof Problem && (error.status === 404 || error.status === 422 || error.status === 400);
    return missing ? <RunNotFound /> : <Failure error={error} reset={() => void refetch()} />;
  }
  if (!run) return late ? <RunSkeleton /> : null;
  return <Shown run={run} late={late} />;
}

/** `late`: waiting has been noticed already, so that what is not there yet shows its layout at once. */
function Shown({ run, late }: { run: RunView; late: boolean }) {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: journal } = useQuery(journalQuery(run.id));
  const { data: workflow } = useQuery(graphQuery(run.id));
  const { selected, select, leave } = useSelection();
  const now = useNow(hasEnded(run) ? 1_000 : 250);
  const moments = useMemo(() => fold(journal?.lines ?? [], run), [journal, run]);
  const counts = useMemo(() => visits(moments), [moments]);
  const titles = useMemo(
    () => new Map((workflow?.nodes ?? []).map(node => [node.reference, node.title])),
    [workflow],
  );
  useEffect(() => {
    document.title = `${run.business_key ?? texts.noKey} · ${brand.name}`;
  }, [run, texts, brand]);
  useRowKeys();
  useKeys({ Escape: leave });
  const at = current(moments, run)?.reference ?? null;
  const node = workflow?.nodes.find(one => one.reference === selected) ?? null;
  const step = selected ? (latest(moments).get(selected) ?? null) : null;
  const reads = session.permissions.some(one => one === "payloads:read" || one === "payloads:masked");
  return (
    <div className={classes.page} data-open={Boolean(node ?? step) || undefined}>
      <div className={classes.main}>
        <RunHeader run={run} now={now} />
        <div className={classes.columns}>
          <div className={classes.notes}>
            <ProgressNote run={run} step={at ? (titles.get(at) ?? null) : null} />
            <WaitingNote run={run} />
            <OutcomeCard run={run} titles={titles} />
          </div>
          <section className={classes.graph} aria-label={texts.graph}>
            <h2 className={classes.heading} title={texts.graphHint}>
              {texts.graph}
            </h2>
            <Suspense fallback={late && <GraphSkeleton />}>
              {workflow ? (
                <Graph
                  workflow={workflow}
                  moments={moments}
                  counts={counts}
                  whole={!journal?.cut}
                  ended={run.state === "completed"}
                  stopped={faultedEnd(run)}
                  selected={selected}
                  current={at}
                  onSelect={select}
                />
              ) : (
                late && <GraphSkeleton />
              )}
            </Suspense>
          </section>
          <section className={classes.journal} aria-label={texts.journal}>
            <h2 className={classes.heading}>{texts.journal}</h2>
            {journal && (
              <Timeline
                run={run}
                journal={journal}
                moments={moments}
                titles={titles}
                selected={selected}
                now={now}
                onSelect={select}
              />
            )}
          </section>
        </div>
      </div>
      {(node || step) && (
        <TaskPanel
          key={selected}
          node={node}
          step={step}
          visits={selected ? (counts.get(selected) ?? 0) : 0}
          now={now}
          mayRead={reads}
          onClose={leave}
        />
      )}
    </div>
  );
}

/** The chosen task stands in the address; Escape closes it, and then goes back to the list. */
function useSelection() {
  const { task } = useSearch({ from: "/inside/runs/$run" });
  const navigate = useNavigate({ from: "/runs/$run" });
  const toList = useNavigate();
  const select = useCallback(
    (reference: string) => void navigate({ search: { task: reference }, replace: true, resetScroll: false }),
    [navigate],
  );
  const leave = useCallback(() => {
    if (task) void navigate({ search: {}, replace: true, resetScroll: false });
    else void toList({ to: "/runs" });
  }, [task, navigate, toList]);
  return { selected: task ?? null, select, leave };
}
