import { hashKey, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { readAgain } from "../api/background";
import type { RunFilter, RunList, RunSummary } from "../api/queries";
import { create } from "../api/signal";
import { shownState } from "../states/StateMark";

/**
 * Runs that came while the reader was further down, by id, for each list that they belong to: they wait behind a pill,
 * so that nothing moves.
 */
export const arrivals = create<ReadonlyMap<string, ReadonlyMap<string, RunSummary>>>(new Map());
/** Whether the reader is further down than the first rows. */
export const scrolled = { now: false };

/** A first page that grew beyond this by live changes is read anew. */
const MOST = 200;

type Pages = InfiniteData<RunList, string>;

const ENDED: readonly string[] = ["completed", "faulted", "cancelled"];
export const hasEnded = (run: Pick<RunSummary, "state">): boolean => ENDED.includes(run.state);

/** Bring changed runs into every list and page that is kept. An older state never replaces a newer one. */
export function applyChanges(queries: QueryClient, changed: readonly RunSummary[]): void {
  for (const { queryKey, pages } of lists(queries)) {
    const unknown = changed.filter(run => !contains(pages, run.id));
    const fresh = unknown.filter(run => matches(run, queryKey));
    if (scrolled.now) hold(queryKey, unknown, fresh);
    show(queries, queryKey, merged(pages, changed, scrolled.now ? [] : fresh), pages);
  }
  for (const run of changed) applyToPage(queries, run);
}

/** Show what waited. */
export function release(queries: QueryClient): void {
  const held = arrivals.get();
  if (held.size === 0) return;
  arrivals.set(new Map());
  for (const { queryKey, pages } of lists(queries)) {
    const fresh = [...(held.get(hashKey(queryKey))?.values() ?? [])].filter(run => !contains(pages, run.id));
    show(queries, queryKey, merged(pages, [], fresh), pages);
  }
}

/** How many wait for the list of this filter; of those that are found by part of their key, too. */
export function waiting(
  held: ReadonlyMap<string, ReadonlyMap<string, RunSummary>>,
  { state, key = "" }: RunFilter,
  shown: ReadonlySet<string>,
): number {
  const found = new Set<string>();
  for (const [id, run] of held.get(hashKey(["runs", state ?? "", ""])) ?? [])
    if (hasKey(run, key)) found.add(id);
  if (key) for (const id of held.get(hashKey(["runs", state ?? "", key]))?.keys() ?? []) found.add(id);
  return [...found].filter(id => !shown.has(id)).length;
}

/** Whether a search for `key` finds the run among those that are loaded. */
export function hasKey(run: Pick<RunSummary, "business_key">, key: string): boolean {
  return (run.business_key ?? "").toLowerCase().includes(key.toLowerCase());
}

type Key = readonly [string, string, string];

function lists(queries: QueryClient): { queryKey: Key; pages: Pages }[] {
  return queries
    .getQueryCache()
    .findAll({ queryKey: ["runs"] })
    .flatMap(query => {
      const pages = query.state.data as Pages | undefined;
      return pages ? [{ queryKey: query.queryKey as unknown as Key, pages }] : [];
    });
}

function show(queries: QueryClient, queryKey: Key, next: Pages, before: Pages): void {
  if ((next.pages[0]?.items.length ?? 0) > MOST) void queries.resetQueries({ queryKey, exact: true });
  else if (next !== before) queries.setQueryData(queryKey, next);
}

/** Of the runs that the list does not show, those that fit it now wait; one that has ceased to fit does no more. */
function hold(queryKey: Key, unknown: readonly RunSummary[], fresh: readonly RunSummary[]): void {
  const hash = hashKey(queryKey);
  const before = arrivals.get().get(hash);
  const gone = unknown.filter(run => before?.has(run.id) && !fresh.includes(run));
  if (fresh.length === 0 && gone.length === 0) return;
  const next = new Map(before);
  for (const run of gone) next.delete(run.id);
  for (const run of fresh) next.set(run.id, run);
  arrivals.set(new Map([...arrivals.get(), [hash, next]]));
}

function applyToPage(queries: QueryClient, run: RunSummary): void {
  const known = queries.getQueryData<RunSummary>(["run", run.id]);
  if (!known || run.seq < known.seq) return;
  queries.setQueryData(["run", run.id], { ...known, ...run });
  void readAgain(queries, ["journal", run.id]);
  // The list's form has no output: the page of an ended run reads its own.
  if (hasEnded(run)) void readAgain(queries, ["run", run.id]);
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

function matches(run: RunSummary, [, state, key]: Key): boolean {
  return (
    (state === "" || run.state === state || shownState(run) === state) &&
    (key === "" || run.business_key === key)
  );
}
