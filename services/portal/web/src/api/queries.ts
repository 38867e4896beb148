import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { wanted } from "../audit/wanted";
import { asked } from "./background";
import { api, body, Problem, type Schemas } from "./client";
import { type Journal, pagesOf, readOn } from "./journal";

export type RunSummary = Schemas["RunSummary"];
export type RunView = Schemas["RunView"];
export type RunState = RunSummary["state"];
export type RunList = Schemas["RunList"];
export type { JournalLine } from "./journal";
export type Client = Schemas["ClientList"]["items"][number];
export type Passkey = Schemas["PasskeyView"];
export type Session = Schemas["SessionView"];
export type Brand = Schemas["BrandView"];
export type Graph = Schemas["RunGraph"];
export type GraphNode = Graph["nodes"][number];

const PAGE = 50;
const MOST_PER_PAGE = 200;

/** A run that ended without releasing its order is held, though it is one of the completed. */
export type ShownState = RunState | "held";

export interface RunFilter {
  state?: ShownState | undefined;
  key?: string | undefined;
}

export const brandQuery = queryOptions({
  queryKey: ["brand"],
  queryFn: () => body(api.GET("/portal/brand")),
  staleTime: Number.POSITIVE_INFINITY,
});

/**
 * Where one can sign in besides here; `also`: one that a link named. For `accept` where the invitation that is open here
 * can be accepted, for `prove` where whoever is signed in is known.
 */
export const providersQuery = (query: { also?: string; for?: "accept" | "prove" }) =>
  queryOptions({
    // What is public may outlive a session.
    queryKey: [query.for ? "my-providers" : "brand", "providers", query.for ?? "", query.also ?? ""],
    queryFn: () => body(api.GET("/portal/providers", { params: { query } })),
    staleTime: 300_000,
  });

/** How far the link is that this browser opened; asked again while a code is exchanged. */
export const reconnectQuery = queryOptions({
  queryKey: ["reconnect"],
  queryFn: () => body(api.GET("/portal/reconnect")),
  refetchInterval: ({ state }) => (state.data?.state === "exchanging" ? 1_000 : false),
  retry: false,
});

export const clientsQuery = infiniteQueryOptions({
  queryKey: ["clients"],
  queryFn: ({ pageParam, queryKey }) =>
    body(
      api.GET("/v1/clients", {
        headers: asked(queryKey),
        params: {
          query: { limit: PAGE, status: "active", ...(pageParam ? { cursor: pageParam } : {}) },
        },
      }),
    ),
  initialPageParam: "",
  getNextPageParam: (page: Schemas["ClientList"]) => page.next ?? undefined,
});

export const clientQuery = (client: string) =>
  queryOptions({
    queryKey: ["client", client],
    queryFn: ({ queryKey }) =>
      body(api.GET("/v1/clients/{client}", { params: { path: { client } }, headers: asked(queryKey) })),
  });

export const factorQuery = queryOptions({
  queryKey: ["second-factor"],
  queryFn: ({ queryKey }) => body(api.GET("/portal/second-factor", { headers: asked(queryKey) })),
});

export const passwordQuery = queryOptions({
  queryKey: ["password"],
  queryFn: ({ queryKey }) => body(api.GET("/portal/password", { headers: asked(queryKey) })),
});

export const passkeysQuery = queryOptions({
  queryKey: ["passkeys"],
  queryFn: ({ queryKey }) => body(api.GET("/portal/passkeys", { headers: asked(queryKey) })),
});

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ queryKey }) => body(api.GET("/portal/session", { headers: asked(queryKey) })),
  staleTime: 60_000,
  // Somebody else may have signed in at another tab.
  refetchOnWindowFocus: "always",
  retry: false,
});

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", filter.state ?? "", filter.key ?? ""],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/runs", {
          headers: asked(queryKey),
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

/** `find`: an id, somebody who acted, or an action; days are those of whoever looks. */
export interface AuditFilter {
  find?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

export type AuditRecord = Schemas["AuditView"];
export type AuditList = Schemas["AuditList"];
export type Verification = Schemas["AuditVerification"];

/** Whose log: that of the client that is worked for, or the partner's own, of what is done above its clients. */
export type AuditLog = "client" | "partner";

function readAudit(log: AuditLog, filter: AuditFilter, cursor: string, headers: HeadersInit) {
  const query = { limit: PAGE, ...(cursor ? { cursor } : {}), ...wanted(filter) };
  if (log === "client") return body(api.GET("/v1/audit", { headers, params: { query } }));
  return body(api.GET("/v1/organization/audit", { headers, params: { query } }));
}

export const auditQuery = (log: AuditLog, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", log, filter.find ?? "", filter.since ?? "", filter.until ?? ""],
    queryFn: ({ pageParam, queryKey }) => readAudit(log, filter, pageParam, asked(queryKey)),
    initialPageParam: "",
    getNextPageParam: (page: AuditList) => page.next ?? undefined,
  });

export const runQuery = (run: string) =>
  queryOptions({
    queryKey: ["run", run],
    queryFn: ({ queryKey }) =>
      body(api.GET("/v1/runs/{run}", { params: { path: { run } }, headers: asked(queryKey) })),
  });

export const journalQuery = (run: string) =>
  queryOptions({
    queryKey: ["journal", run],
    queryFn: async ({ client, queryKey }) => {
      const read = pagesOf(run, () => asked(queryKey));
      try {
        return await readOn(client.getQueryData<Journal>(queryKey), read);
      } catch (error) {
        // A cursor is good for a day; a page may stand open for longer.
        if (error instanceof Problem && error.status === 400) return readOn(undefined, read);
        throw error;
      }
    },
  });

export const graphQuery = (run: string) =>
  queryOptions({
    queryKey: ["graph", run],
    queryFn: () => body(api.GET("/v1/runs/{run}/workflow", { params: { path: { run } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

const SAMPLE = ["sample"] as const;

/** The first template that is deployed here and has a sample; null when there is none. */
export const sampleQuery = queryOptions({
  queryKey: SAMPLE,
  queryFn: readSample,
  staleTime: 300_000,
});

export interface Sample {
  template: string;
  event: Record<string, unknown>;
}

async function readSample(): Promise<Sample | null> {
  let cursor: string | null = null;
  const tried = new Set<string>();
  do {
    const query = { status: "active" as const, limit: MOST_PER_PAGE, ...(cursor ? { cursor } : {}) };
    const page: Schemas["DeploymentList"] = await body(
      api.GET("/v1/deployments", { params: { query }, headers: asked(SAMPLE) }),
    );
    for (const { workflow } of page.items) {
      if (!workflow.template || tried.has(workflow.template)) continue;
      tried.add(workflow.template);
      const [template = "", version = ""] = workflow.template.split("@");
      // A newer version may take what the one that is deployed refuses.
      const found = await body(
        api.GET("/v1/templates/{template}", {
          params: { path: { template }, query: { version } },
          headers: asked(SAMPLE),
        }),
      );
      if (found.sample) return { template: found.title, event: found.sample as Record<string, unknown> };
    }
    cursor = page.next;
  } while (cursor);
  return null;
}
