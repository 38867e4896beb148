import type { QueryCacheNotifyEvent, QueryClient } from "@tanstack/react-query";
import type { RunSummary } from "../api/queries";
import { applyChanges } from "./live";

/** Of this many runs the latest change is kept: more than change while one read lasts. */
const MOST = 500;

/**
 * What was pushed while a list or a run was being read. The answer may be older than that, and takes the place of what
 * was shown: so each change that it may lack is brought in once more.
 */
export class Overtaken {
  private readonly heard = new Map<string, { run: RunSummary; order: number }>();
  private readonly begun = new Map<string, number>();
  private order = 0;
  private readonly queries: QueryClient;
  readonly close: () => void;

  constructor(queries: QueryClient) {
    this.queries = queries;
    this.close = queries.getQueryCache().subscribe(event => this.follow(event));
  }

  hear(run: RunSummary): void {
    const before = this.heard.get(run.id);
    if (before && before.run.seq > run.seq) return;
    this.order += 1;
    // Taken out first: the map keeps its order of entry, and the oldest go.
    this.heard.delete(run.id);
    this.heard.set(run.id, { run, order: this.order });
    for (const id of this.heard.keys()) {
      if (this.heard.size <= MOST) break;
      this.heard.delete(id);
    }
  }

  private follow(event: QueryCacheNotifyEvent): void {
    const { queryKey, queryHash } = event.query;
    if (queryKey[0] !== "runs" && queryKey[0] !== "run") return;
    if (event.type === "removed") this.begun.delete(queryHash);
    if (event.type !== "updated") return;
    if (event.action.type === "fetch") this.begun.set(queryHash, this.order);
    if (event.action.type !== "success" || event.action.manual) return;
    const since = this.begun.get(queryHash) ?? 0;
    const missed = [...this.heard.values()].filter(one => one.order > since).map(one => one.run);
    this.begun.set(queryHash, this.order);
    if (missed.length > 0) applyChanges(this.queries, missed);
  }
}
