import { queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";
import { apiAt, keyOf, type Place } from "../api/place";

export type Connector = Schemas["ConnectorEntry"];
export type ConnectorDetail = Schemas["ConnectorDetail"];
export type Operation = Connector["operations"][number];
export type Trigger = Connector["triggers"][number];
export type Standing = Connector["certification"];
export type Connection = Schemas["ConnectionView"];
export type Health = Schemas["ConnectionHealth"];

/** An installation's connectors change as it is updated. */
const STAYS = 300_000;
const MOST = 200;
const LOOK_AGAIN = 5_000;

export const connectorsQuery = queryOptions({
  queryKey: ["connectors"],
  queryFn: ({ queryKey }) => body(api.GET("/v1/connectors", { headers: asked(queryKey) })),
  staleTime: STAYS,
});

export const connectorQuery = (connector: string) =>
  queryOptions({
    queryKey: ["connectors", connector],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/connectors/{connector}", {
          params: { path: { connector } },
          headers: asked(queryKey),
        }),
      ),
    staleTime: STAYS,
  });

/** The connections of an environment that are of one connector. */
export const usersQuery = (place: Place | null, connector: string) =>
  queryOptions({
    queryKey: ["connections", keyOf(place), connector],
    queryFn: ({ queryKey }) =>
      body(
        apiAt(place).GET("/v1/connections", {
          headers: asked(queryKey),
          params: { query: { connector, limit: MOST } },
        }),
      ),
  });

export const connectionQuery = (place: Place | null, connection: string) =>
  queryOptions({
    queryKey: ["connections", keyOf(place), "one", connection],
    queryFn: ({ queryKey }) =>
      body(
        apiAt(place).GET("/v1/connections/{connection}", {
          headers: asked(queryKey),
          params: { path: { connection } },
        }),
      ),
  });

/** How one connection is, as long as somebody looks. */
export const oneHealthQuery = (place: Place | null, connection: string, every = LOOK_AGAIN) =>
  queryOptions({
    queryKey: ["connection-health", keyOf(place), connection],
    queryFn: ({ queryKey }) =>
      body(
        apiAt(place).GET("/v1/connections/{connection}/health", {
          headers: asked(queryKey),
          params: { path: { connection } },
        }),
      ),
    refetchInterval: every,
  });
