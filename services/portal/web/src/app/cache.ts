import { QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/client";
import type { Session } from "../api/queries";

/** What is done when an answer says that there is no session any more; the router says what. */
export const onSignedOut: { call: () => void } = { call: () => {} };

export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      const ended =
        error instanceof Problem &&
        error.status === 401 &&
        (query.queryKey[0] !== "session" || query.state.data !== undefined);
      if (ended) onSignedOut.call();
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      networkMode: "always",
      // A refusal stays a refusal; an outage may be over in a moment.
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500),
      retryDelay: count => 400 * 2 ** count,
    },
    mutations: { networkMode: "always" },
  },
});

/** Whose answers are kept; null before anybody's. */
let account: string | null = null;

// All tabs of a browser have one session. When somebody else signs in at another one, nothing that was read for the
// first may stay here.
queries.getQueryCache().subscribe(({ type, query }) => {
  if (query.queryKey[0] !== "session") return;
  const session = query.state.data as Session | undefined;
  const now = type === "removed" ? null : (session?.account.id ?? account);
  const changed = account !== null && now !== null && now !== account;
  account = now;
  if (!changed) return;
  queries.clear();
  location.reload();
});
