import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";
import { type By, filterOf, type Shown } from "./shown";

export type Exception = Schemas["ExceptionView"];
export type Detail = Schemas["ExceptionDetail"];
export type Category = Exception["category"];
export type Preview = Schemas["ActedOnAll"];
export type Filter = Schemas["ExceptionFilter"];
export type Action = NonNullable<Schemas["ActOnExceptions"]["action"]>;
export type Sort = "risk" | "age" | "value" | "deadline";
type ExceptionList = Schemas["ExceptionList"];

const PAGE = 50;
/** What stands still is taken up by others, too, and goes on by itself. */
const LOOK_AGAIN = 5_000;
export const EXCEPTIONS = ["exceptions"] as const;

export const groupsQuery = (shown: Shown) => {
  const by: By = shown.by ?? "category";
  const query = {
    by,
    ...filterOf(shown, by),
    ...(shown.mine ? { queue: "mine" as const } : {}),
  };
  return queryOptions({
    queryKey: [...EXCEPTIONS, "groups", JSON.stringify(query)],
    queryFn: ({ queryKey }) =>
      body(api.GET("/v1/exceptions/groups", { headers: asked(queryKey), params: { query } })),
    refetchInterval: LOOK_AGAIN,
  });
};

export const exceptionsQuery = (shown: Shown) => {
  const query = {
    limit: PAGE,
    sort: shown.sort ?? ("risk" as const),
    ...filterOf(shown),
    ...(shown.mine ? { queue: "mine" as const } : {}),
  };
  return infiniteQueryOptions({
    queryKey: [...EXCEPTIONS, "list", JSON.stringify(query)],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/exceptions", {
          headers: asked(queryKey),
          params: { query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: ExceptionList) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });
};

export const exceptionQuery = (exception: string) =>
  queryOptions({
    queryKey: [...EXCEPTIONS, "one", exception],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/exceptions/{exception}", { params: { path: { exception } }, headers: asked(queryKey) }),
      ),
    refetchInterval: LOOK_AGAIN,
  });

/** Names of connections, for who may see them; the first two hundred. */
export const systemsQuery = queryOptions({
  queryKey: [...EXCEPTIONS, "systems"],
  queryFn: async () => {
    const { items } = await body(api.GET("/v1/connections", { params: { query: { limit: 200 } } }));
    return new Map(items.map(one => [one.id, one.name]));
  },
  staleTime: 60_000,
});

/** In which order acts are offered: the first that clears it first. */
export const ACTS: readonly Action[] = [
  "retry",
  "skip",
  "resume",
  "cancel",
  "compensate",
  "discard",
  "assign",
  "note",
];
