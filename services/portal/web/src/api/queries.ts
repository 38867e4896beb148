import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "./client";

export type RunSummary = Schemas["RunSummary"];
export type RunView = Schemas["RunView"];
export type RunState = RunSummary["state"];
export type RunList = Schemas["RunList"];
export type JournalLine = Schemas["JournalLine"];
export type Session = Schemas["SessionView"];
export type Brand = Schemas["BrandView"];
export type Graph = Schemas["RunGraph"];
export type GraphNode = Graph["nodes"][number];

const PAGE = 50;
const JOURNAL_PAGE = 100;
/** A journal is shown up to here; no run of ours comes near. */
const JOURNAL_PAGES = 20;

export interface RunFilter {
  state?: RunState | undefined;
  key?: string | undefined;
}

export const brandQuery = queryOptions({
  queryKey: ["brand"],
  queryFn: () => body(api.GET("/portal/brand")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () => body(api.GET("/portal/session")),
  staleTime: 60_000,
  // Somebody else may have signed in at another tab.
  refetchOnWindowFocus: "always",
  retry: false,
});

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", filter.state ?? "", filter.key ?? ""],
    queryFn: ({ pageParam }) =>
      body(
        api.GET("/v1/runs", {
          params: {
            query: {
              limit: PAGE,
              ...(pageParam ? { cursor: pageParam } : {}),
              ...(filter.state ? { state: filter.state } : {}),
              ...(filter.key ? { business_key: filter.key } : {}),
            },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: RunList) => page.next ?? undefined,
  });

export const runQuery = (run: string) =>
  queryOptions({
    queryKey: ["run", run],
    queryFn: () => body(api.GET("/v1/runs/{run}", { params: { path: { run } } })),
  });

export const journalQuery = (run: string) =>
  queryOptions({ queryKey: ["journal", run], queryFn: () => readJournal(run) });

async function readJournal(run: string): Promise<JournalLine[]> {
  const lines: JournalLine[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < JOURNAL_PAGES; page += 1) {
    const query: { limit: number; cursor?: string } = { limit: JOURNAL_PAGE, ...(cursor ? { cursor } : {}) };
    const found: Schemas["Journal"] = await body(
      api.GET("/v1/runs/{run}/journal", { params: { path: { run }, query } }),
    );
    lines.push(...found.items);
    if (!found.next) break;
    cursor = found.next;
  }
  return lines;
}

export const graphQuery = (run: string) =>
  queryOptions({
    queryKey: ["graph", run],
    queryFn: () => body(api.GET("/v1/runs/{run}/workflow", { params: { path: { run } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The first template that is deployed here and has a sample; null when there is none. */
export const sampleQuery = queryOptions({
  queryKey: ["sample"],
  queryFn: readSample,
  staleTime: 300_000,
});

export interface Sample {
  template: string;
  event: Record<string, unknown>;
}

async function readSample(): Promise<Sample | null> {
  const deployments = await body(api.GET("/v1/deployments", { params: { query: { status: "active" } } }));
  for (const { workflow } of deployments.items) {
    if (!workflow.template) continue;
    const path = { template: workflow.template.split("@")[0] ?? workflow.template };
    const found = await body(api.GET("/v1/templates/{template}", { params: { path } }));
    if (found.sample) return { template: found.title, event: found.sample as Record<string, unknown> };
  }
  return null;
}
