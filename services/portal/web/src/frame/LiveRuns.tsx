import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { readAgain } from "../api/background";
import { Changes } from "../api/changes";
import type { RunSummary } from "../api/queries";
import { applyChanges } from "../runs/live";
import { Overtaken } from "../runs/overtaken";

/** A burst of changes is painted together. */
const GATHER = 80;

/** Keeps what is on the screen in step with the server. */
export function LiveRuns() {
  const queries = useQueryClient();
  useEffect(() => {
    let gathered = new Map<string, RunSummary>();
    let timer = 0;
    const overtaken = new Overtaken(queries);
    const flush = () => {
      const changed = [...gathered.values()];
      gathered = new Map();
      timer = 0;
      applyChanges(queries, changed);
    };
    const changes = new Changes(
      run => {
        gathered.set(run.id, run);
        overtaken.hear(run);
        timer ||= window.setTimeout(flush, GATHER);
      },
      () => {
        for (const part of ["runs", "run", "journal", "session", "sample"]) void catchUp(queries, part);
      },
    );
    return () => {
      clearTimeout(timer);
      changes.close();
      overtaken.close();
    };
  }, [queries]);
  return null;
}

/** A first read that is under way may be older than the gap and cannot be begun anew: another one follows it. */
async function catchUp(queries: QueryClient, part: string): Promise<void> {
  const first = queries.getQueryCache().findAll({
    queryKey: [part],
    fetchStatus: "fetching",
    predicate: query => query.state.data === undefined,
  });
  await readAgain(queries, [part]);
  for (const { queryKey } of first) await readAgain(queries, queryKey, true);
}
