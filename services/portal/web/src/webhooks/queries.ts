import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";

export type Endpoint = Schemas["EndpointView"];
export type MadeEndpoint = Schemas["MadeEndpoint"];
export type Delivery = Schemas["DeliveryView"];
export type DeliveryState = Delivery["state"];
type DeliveryList = Schemas["DeliveryList"];

const PAGE = 50;
/** Receivers fare as they do, whatever people change here. */
const LOOK_AGAIN = 3_000;

export const endpointsQuery = queryOptions({
  queryKey: ["webhooks"],
  queryFn: ({ queryKey }) => body(api.GET("/v1/webhook-endpoints", { headers: asked(queryKey) })),
  refetchInterval: LOOK_AGAIN,
});

export const endpointQuery = (endpoint: string) =>
  queryOptions({
    queryKey: ["webhooks", endpoint],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/webhook-endpoints/{endpoint}", {
          params: { path: { endpoint } },
          headers: asked(queryKey),
        }),
      ),
    refetchInterval: LOOK_AGAIN,
  });

export const deliveriesQuery = (endpoint: string, state: DeliveryState | undefined) =>
  infiniteQueryOptions({
    queryKey: ["webhooks", endpoint, "deliveries", state ?? ""],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/webhook-endpoints/{endpoint}/deliveries", {
          headers: asked(queryKey),
          params: {
            path: { endpoint },
            query: {
              limit: PAGE,
              ...(pageParam ? { cursor: pageParam } : {}),
              ...(state ? { state } : {}),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: DeliveryList) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });

export const deliveryQuery = (endpoint: string, message: string) =>
  queryOptions({
    queryKey: ["webhooks", endpoint, "delivery", message],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/webhook-endpoints/{endpoint}/deliveries/{message}", {
          params: { path: { endpoint, message } },
          headers: asked(queryKey),
        }),
      ),
  });
