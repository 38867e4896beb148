import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { type RunFilter, type RunSummary, runsQuery } from "../api/queries";
import { hasKey } from "./live";

/**
 * The rows of a filter. The server finds a whole order number among all runs; part of one is found among the rows
 * that are loaded, and both stand in one list.
 */
export function useRunRows({ state, key }: RunFilter) {
  const listed = useInfiniteQuery(runsQuery({ state }));
  const exact = useInfiniteQuery({ ...runsQuery({ state, key }), enabled: Boolean(key) });
  const rows = useMemo(() => {
    const loaded = (listed.data?.pages ?? []).flatMap(page => page.items);
    if (!key) return loaded;
    const found = (exact.data?.pages ?? []).flatMap(page => page.items);
    return merge(
      found,
      loaded.filter(run => hasKey(run, key)),
    );
  }, [listed.data, exact.data, key]);
  return {
    rows,
    listed,
    isPending: listed.isPending || (Boolean(key) && exact.isPending && rows.length === 0),
    // What was read before stays in view; how old it is stands beside the title.
    error: (listed.data ? null : listed.error) ?? (key && !exact.data ? exact.error : null),
  };
}

function merge(first: RunSummary[], second: RunSummary[]): RunSummary[] {
  const known = new Set(first.map(run => run.id));
  return [...first, ...second.filter(run => !known.has(run.id))].sort((a, b) => (a.id < b.id ? 1 : -1));
}
