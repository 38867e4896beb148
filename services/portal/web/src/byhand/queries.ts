import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";

export type Workaround = Schemas["WorkaroundView"];
export type Way = Workaround["way"];
export type WorkaroundAction = Schemas["ActOnWorkaround"]["action"];
export type Figure = Schemas["TouchFigure"];
export type Finding = Schemas["ReEntryView"];

const PAGE = 50;
const DAY = 86_400_000;
const LOOK_AGAIN = 10_000;
export const WORKAROUNDS = ["workarounds"] as const;
export const WAYS: readonly Way[] = ["spreadsheet", "mail", "telephone", "chat", "paper", "other"];
export const PERIODS = [7, 30, 90] as const;
export type Period = (typeof PERIODS)[number];

export interface Shown {
  days?: Exclude<Period, 30> | undefined;
  state?: "retired" | undefined;
}

export const workaroundsQuery = (state: "open" | "retired") =>
  infiniteQueryOptions({
    queryKey: [...WORKAROUNDS, state],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/workarounds", {
          headers: asked(queryKey),
          params: { query: { state, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: Schemas["WorkaroundList"]) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });

/** Of so many days until now. */
const since = (days: Period) => new Date(Date.now() - days * DAY).toISOString();

export const figuresQuery = (days: Period) =>
  queryOptions({
    queryKey: ["touches", "figures", days],
    queryFn: () =>
      body(api.GET("/v1/touches/figures", { params: { query: { by: "step", since: since(days) } } })),
    staleTime: 30_000,
  });

export const reEntryQuery = (days: Period) =>
  queryOptions({
    queryKey: ["touches", "re-entry", days],
    queryFn: () => body(api.GET("/v1/touches/re-entry", { params: { query: { since: since(days) } } })),
    staleTime: 30_000,
  });

/** What was done, in a word as the server takes it: small letters, digits, hyphens and dots. */
export function stepOf(name: string): string {
  const word = name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/[.-]*\.[.-]*/g, ".")
    .slice(0, 100)
    .replace(/^[.-]+|[.-]+$/g, "");
  return word || "work";
}
