import { infiniteQueryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";

export type ConnectionHealth = Schemas["ConnectionHealth"];
export type HealthState = ConnectionHealth["state"];
export type MadeLink = Schemas["MadeLink"];

const PAGE = 50;
/** A system goes away and comes back, and is checked, whatever people do here. */
const LOOK_AGAIN = 5_000;

export const healthQuery = infiniteQueryOptions({
  queryKey: ["connection-health"],
  queryFn: ({ pageParam, queryKey }) =>
    body(
      api.GET("/v1/connection-health", {
        headers: asked(queryKey),
        params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
      }),
    ),
  initialPageParam: "",
  getNextPageParam: (page: Schemas["ConnectionHealthList"]) => page.next ?? undefined,
  refetchInterval: LOOK_AGAIN,
});
