import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import type { RunList, RunSummary } from "../api/queries";
import { create } from "../api/signal";

/** Runs that came while the reader was further down: they wait behind a pill, so that nothing moves. */
export const arrivals = create<ReadonlyMap<string, RunSummary>>(new Map());
/** Whether the reader is further down than the first rows. */
export const scrolled = { now: false };

/** A first page that grew beyond this by live changes is read anew. */
const MOST = 200;

type Pages = InfiniteData<RunList, string>;

const ENDED: readonly string[] = ["completed", "faulted", "cancelled"];
export const hasEnded = (run: Pick<RunSummary, "state">): boolean => ENDED.includes(run.state);

/** Bring changed runs into every list and page that is kept. An older state never replaces a newer one. */
export function applyChanges(queries: QueryClient, changed: readonly RunSummary[]): void {
  const unknown = new Map<string, RunSummary>();
  for (const query of queries.getQueryCache().findAll({ queryKey: ["runs"] })) {
    const pages = query.state.data as Pages | undefined;
    if (!pages) continue;
    const [, state, key] = query.queryKey as [string, string, string];
    const fresh = changed.filter(run => !contains(pages, run.id) && matches(run, state, key));
    for (const run of fresh) unknown.set(run.id, run);
    const shown = scrolled.now ? [] : fresh;
    const next = merged(pages, changed, shown);
    if ((next.pages[0]?.items.length ?? 0) > MOST) void queries.resetQueries({ queryKey: query.queryKey });
    else if (next !== pages) queries.setQueryData(query.queryKey, next);
  }
  if (scrolled.now && unknown.size) arrivals.set(new Map([...arrivals.get(), ...unknown]));
  for (const run of changed) applyToPage(queries, run);
}

function applyToPage(queries: QueryClient, run: RunSummary): void {
  const known = queries.getQueryData<RunSummary>(["run", run.id]);
  if (!known || run.seq < known.seq) return;
  queries.setQueryData(["run", run.id], { ...known, ...run });
  void queries.invalidateQueries({ queryKey: ["journal", run.id] });
  // The list's form has no output: the page of an ended run reads its own.
  if (hasEnded(run)) void queries.invalidateQueries({ queryKey: ["run", run.id] });
}

/** What is shown stays where it is, even when it no longer fits the filter: nothing moves under the reader. */
export function merged(pages: Pages, changed: readonly RunSummary[], fresh: readonly RunSummary[]): Pages {
  const byId = new Map(changed.map(run => [run.id, run]));
  let touched = fresh.length > 0;
  const next = pages.pages.map((page, index) => {
    const items = page.items.map(old => {
      const run = byId.get(old.id);
      if (!run || run.seq < old.seq) return old;
      touched = true;
      return run;
    });
    return { ...page, items: index === 0 ? [...newestFirst(fresh), ...items] : items };
  });
  return touched ? { ...pages, pages: next } : pages;
}

/** Ids begin with their time (UUIDv7, in an encoding that keeps order). */
function newestFirst(runs: readonly RunSummary[]): RunSummary[] {
  return [...runs].sort((a, b) => (a.id < b.id ? 1 : -1));
}

function contains(pages: Pages, id: string): boolean {
  return pages.pages.some(page => page.items.some(run => run.id === id));
}

function matches(run: RunSummary, state: string, key: string): boolean {
  return (state === "" || run.state === state) && (key === "" || run.business_key === key);
}
