import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { body, type Schemas } from "../api/client";
import { apiAt, keyOf, type Place } from "../api/place";

export type ConnectionHealth = Schemas["ConnectionHealth"];
export type HealthState = ConnectionHealth["state"];
export type MadeLink = Schemas["MadeLink"];

const PAGE = 50;
/** A system goes away and comes back, and is checked, whatever people do here. */
const LOOK_AGAIN = 5_000;

/** What is known of the connections of each environment begins so. */
export const HEALTH = ["connection-health"] as const;

export const healthQuery = (place: Place | null) =>
  infiniteQueryOptions({
    queryKey: [...HEALTH, keyOf(place)],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        apiAt(place).GET("/v1/connection-health", {
          headers: asked(queryKey),
          params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Schemas["ConnectionHealthList"]) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });

const MOST = 200;

/** Names of the active deployments that bind it, or a group that chooses it. */
export const bindersQuery = (place: Place | null, connection: string) =>
  queryOptions({
    queryKey: ["binders", keyOf(place), connection],
    queryFn: async () => {
      const [groups, deployments] = await Promise.all([all(groupsAt(place)), all(deploymentsAt(place))]);
      const choosing = groups.filter(one => one.rules.some(rule => rule.connection === connection));
      const wanted = new Set([connection, ...choosing.map(one => one.id)]);
      return deployments
        .filter(one => one.status === "active" && Object.values(one.bindings).some(id => wanted.has(id)))
        .map(one => one.name)
        .sort();
    },
    staleTime: 0,
  });

type Paged<T> = (cursor: string | undefined) => Promise<{ items: T[]; next: string | null }>;

async function all<T>(page: Paged<T>): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null | undefined;
  do {
    const { items, next } = await page(cursor ?? undefined);
    found.push(...items);
    cursor = next;
  } while (cursor);
  return found;
}

const query = (cursor: string | undefined) => ({ query: { limit: MOST, ...(cursor ? { cursor } : {}) } });

const groupsAt =
  (place: Place | null): Paged<Schemas["GroupView"]> =>
  cursor =>
    body(apiAt(place).GET("/v1/connection-groups", { params: query(cursor) }));

const deploymentsAt =
  (place: Place | null): Paged<Schemas["DeploymentView"]> =>
  cursor =>
    body(apiAt(place).GET("/v1/deployments", { params: query(cursor) }));
