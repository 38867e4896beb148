import { queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";

export type Board = Schemas["ReadinessBoard"];
export type Entry = Board["items"][number];
export type Need = Entry["needs"][number];
export type Offer = Need["offers"][number];
export type Standing = Need["standing"];
export type Level = NonNullable<Offer["level"]>;

/** What is connected changes when somebody connects it, and a system goes away and comes back by itself. */
const LOOK_AGAIN = 15_000;

export const boardQuery = queryOptions({
  queryKey: ["readiness"],
  queryFn: ({ queryKey }) => body(api.GET("/v1/readiness", { headers: asked(queryKey) })),
  refetchInterval: LOOK_AGAIN,
});
