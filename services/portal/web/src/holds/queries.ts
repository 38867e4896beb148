import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";
import { filterOf, type Shown } from "./shown";

export type Hold = Schemas["HoldView"];
export type Act = "clear" | "override";
export type Many = Schemas["ClearedHolds"];
export type Judged = Schemas["Judged"];

const PAGE = 50;
/** Colleagues clear them, and runs raise more. */
const LOOK_AGAIN = 5_000;
/** Who may what changes seldom. */
const ASK_AGAIN = 30_000;
/** Words have to be sent also where nothing is done yet. */
const NO_WORDS = "-";
export const HOLDS = ["holds"] as const;

export const holdsQuery = (shown: Shown) => {
  const query = {
    limit: PAGE,
    sort: shown.sort ?? ("due" as const),
    status: shown.status ?? ("active" as const),
    ...filterOf(shown),
  };
  return infiniteQueryOptions({
    queryKey: [...HOLDS, "list", JSON.stringify(query)],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/holds", {
          headers: asked(queryKey),
          params: { query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Schemas["HoldList"]) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });
};

/** Of all that is active, whatever its type. */
export const summaryQuery = ({ role, customer, site }: Shown) => {
  const query = {
    ...(role ? { role } : {}),
    ...(customer ? { customer } : {}),
    ...(site ? { site } : {}),
  };
  return queryOptions({
    queryKey: [...HOLDS, "summary", JSON.stringify(query)],
    queryFn: ({ queryKey }) =>
      body(api.GET("/v1/holds/summary", { headers: asked(queryKey), params: { query } })),
    refetchInterval: LOOK_AGAIN,
  });
};

export const holdQuery = (hold: string) =>
  queryOptions({
    queryKey: [...HOLDS, "one", hold],
    queryFn: ({ queryKey }) =>
      body(api.GET("/v1/holds/{hold}", { params: { path: { hold } }, headers: asked(queryKey) })),
    refetchInterval: LOOK_AGAIN,
  });

/** Whether an order may go out, and all that keeps it, with what is on its customer. */
export const standingQuery = (order: string, customer: string | null) =>
  queryOptions({
    queryKey: [...HOLDS, "standing", order, customer ?? ""],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/holds/standing", {
          headers: asked(queryKey),
          params: { query: { order, ...(customer ? { customer } : {}) } },
        }),
      ),
    refetchInterval: LOOK_AGAIN,
  });

/** The environment's types, by name, and whether they are those that are shipped. */
export const typesQuery = queryOptions({
  queryKey: ["hold-types"],
  queryFn: async () => {
    const { version, types } = await body(api.GET("/v1/hold-types"));
    return { isShipped: version === 0, of: new Map(types.map(one => [one.name, one])) };
  },
  staleTime: 60_000,
});

/** What the authority would say if who looks cleared it now: nothing is done by asking. Null: it was not among them. */
export const verdictQuery = (one: Hold) =>
  queryOptions({
    queryKey: [...HOLDS, "verdict", one.id, one.version],
    queryFn: async ({ queryKey }) => {
      const filter = {
        type: one.type,
        role: one.role,
        ...(one.order ? { order: one.order } : one.customer ? { customer: one.customer } : {}),
      };
      const told = { preview: true, filter, why: NO_WORDS };
      const { holds } = await body(api.POST("/v1/holds/act", { headers: asked(queryKey), body: told }));
      return holds.find(each => each.hold.id === one.id) ?? null;
    },
    refetchInterval: ASK_AGAIN,
  });

export const decide = (one: Hold, act: Act, why: string): Promise<Hold> => {
  const place = { params: { path: { hold: one.id } }, body: { why, seen: one.version } };
  return act === "clear"
    ? body(api.POST("/v1/holds/{hold}/clear", place))
    : body(api.POST("/v1/holds/{hold}/override", place));
};
