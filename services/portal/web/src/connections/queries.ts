import { infiniteQueryOptions } from "@tanstack/react-query";
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
