import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";

export type Hook = Schemas["HookView"];
export type ListedHook = Schemas["ListedHook"];
export type Received = Schemas["ReceivedSummary"];
export type ReceivedState = Received["state"];
type ReceivedList = Schemas["ReceivedList"];

const PAGE = 50;
/** Senders send when they will. */
const LOOK_AGAIN = 3_000;

const KEY = ["incoming"] as const;
export const incomingKey: readonly string[] = KEY;

export const hooksQuery = infiniteQueryOptions({
  queryKey: KEY,
  queryFn: ({ pageParam, queryKey }) =>
    body(
      api.GET("/v1/inbound-webhooks", {
        headers: asked(queryKey),
        params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
      }),
    ),
  initialPageParam: "",
  getNextPageParam: (page: Schemas["HookList"]) => page.next ?? undefined,
  refetchInterval: LOOK_AGAIN,
});

export const hookQuery = (hook: string) =>
  queryOptions({
    queryKey: [...KEY, hook],
    queryFn: ({ queryKey }) =>
      body(api.GET("/v1/inbound-webhooks/{hook}", { params: { path: { hook } }, headers: asked(queryKey) })),
    refetchInterval: LOOK_AGAIN,
  });

export const receivedQuery = (hook: string, state: ReceivedState | undefined) =>
  infiniteQueryOptions({
    queryKey: [...KEY, hook, "received", state ?? ""],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/inbound-webhooks/{hook}/received", {
          headers: asked(queryKey),
          params: {
            path: { hook },
            query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}), ...(state ? { state } : {}) },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: ReceivedList) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });

/** With its content: for who may read that. */
export const contentQuery = (hook: string, received: string) =>
  queryOptions({
    queryKey: [...KEY, hook, "content", received],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/inbound-webhooks/{hook}/received/{received}", {
          params: { path: { hook, received } },
          headers: asked(queryKey),
        }),
      ),
  });
