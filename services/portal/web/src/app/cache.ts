import { QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/client";

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
