import { hashKey, type QueryClient, type QueryKey } from "@tanstack/react-query";

/** Reads that nobody asked for: the server does not take them for a sign that somebody is there. */
const under = new Map<string, number>();

/** Headers for a read of `key`. */
export function asked(key: QueryKey): Record<string, string> {
  return under.has(hashKey(key)) ? { "X-Background": "1" } : {};
}

/** Read again what is shown of `key`, by itself. */
export async function readAgain(queries: QueryClient, key: QueryKey, exact = false): Promise<void> {
  const filter = { queryKey: key, exact };
  const hashes = queries
    .getQueryCache()
    .findAll(filter)
    .map(query => query.queryHash);
  for (const hash of hashes) under.set(hash, (under.get(hash) ?? 0) + 1);
  try {
    await queries.invalidateQueries(filter);
  } finally {
    for (const hash of hashes) {
      const left = (under.get(hash) ?? 1) - 1;
      if (left > 0) under.set(hash, left);
      else under.delete(hash);
    }
  }
}
