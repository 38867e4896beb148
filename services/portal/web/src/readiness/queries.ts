import { queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { body, type Schemas } from "../api/client";
import { apiAt, keyOf, type Place } from "../api/place";

export type Board = Schemas["ReadinessBoard"];
export type Entry = Board["items"][number];
export type Need = Entry["needs"][number];
export type Offer = Need["offers"][number];
export type Parameter = Entry["parameters"][number];
export type Role = Entry["roles"][number];
export type Standing = Need["standing"];
export type Level = NonNullable<Offer["level"]>;

/** What is connected changes when somebody connects it, and a system goes away and comes back by itself. */
const LOOK_AGAIN = 15_000;

export const boardQuery = (place: Place | null) =>
  queryOptions({
    queryKey: ["readiness", keyOf(place)],
    queryFn: ({ queryKey }) => body(apiAt(place).GET("/v1/readiness", { headers: asked(queryKey) })),
    refetchInterval: LOOK_AGAIN,
  });
