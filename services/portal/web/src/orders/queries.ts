import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";

export type Entity = Schemas["EntityView"];
export type Line = Schemas["TimelineLine"];

const PAGE = 50;
const LINES = 100;
const FILES = 20;
/** Systems tell when they will. */
const LOOK_AGAIN = 3_000;
/** Files come seldom. */
const LOOK_FOR_FILES = 10_000;

export const ordersQuery = (number: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["orders", "listed", number ?? ""],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/entities", {
          headers: asked(queryKey),
          params: {
            query: {
              kind: "sales-order",
              limit: PAGE,
              ...(number ? { value: number } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Schemas["EntityList"]) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });

const MOST_OF_A_NUMBER = 5;

/** Those that some system knows by this number; one, unless systems number different things alike. */
export const entitiesOf = (kind: string, number: string) =>
  queryOptions({
    queryKey: ["orders", "known-by", kind, number],
    queryFn: async ({ queryKey }) => {
      const query = { kind, value: number, limit: MOST_OF_A_NUMBER };
      return (await body(api.GET("/v1/entities", { headers: asked(queryKey), params: { query } }))).items;
    },
    refetchInterval: LOOK_AGAIN,
  });

export const entityQuery = (entity: string) =>
  queryOptions({
    queryKey: ["orders", entity],
    queryFn: ({ queryKey }) =>
      body(api.GET("/v1/entities/{entity}", { params: { path: { entity } }, headers: asked(queryKey) })),
    refetchInterval: LOOK_AGAIN,
  });

/** What systems say of it now: for who may read that. */
export const recordQuery = (entity: string) =>
  queryOptions({
    queryKey: ["orders", entity, "record"],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/entities/{entity}/record", { params: { path: { entity } }, headers: asked(queryKey) }),
      ),
    refetchInterval: LOOK_AGAIN,
  });

export const timelineQuery = (entity: string) =>
  infiniteQueryOptions({
    queryKey: ["orders", entity, "timeline"],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/entities/{entity}/timeline", {
          headers: asked(queryKey),
          params: {
            path: { entity },
            query: { limit: LINES, ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Schemas["Timeline"]) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });

/** With those of what was merged into it. */
export const documentsQuery = (entity: string) =>
  infiniteQueryOptions({
    queryKey: ["orders", entity, "documents"],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/entities/{entity}/documents", {
          headers: asked(queryKey),
          params: {
            path: { entity },
            query: { limit: FILES, ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Schemas["DocumentList"]) => page.next ?? undefined,
    refetchInterval: LOOK_FOR_FILES,
  });

/** By which people call it: what the system that knew it first writes by. */
export function numberOf(entity: Entity): string {
  const since = entity.keys.toSorted((one, other) => one.linked_at.localeCompare(other.linked_at));
  const first = since[0]?.system;
  return (since.find(key => key.preferred && key.system === first) ?? since[0])?.value ?? entity.id;
}
