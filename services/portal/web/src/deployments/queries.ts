import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";

export type Deployment = Schemas["DeploymentView"];
export type Revision = Schemas["RevisionView"];
export type Promotion = Schemas["PromotionView"];
type DeploymentList = Schemas["DeploymentList"];
type RevisionList = Schemas["RevisionList"];

const PAGE = 50;
/** Others deploy and decide, too. */
const LOOK_AGAIN = 15_000;
export const DEPLOYED = ["deployments"] as const;

export const deploymentsQuery = infiniteQueryOptions({
  queryKey: [...DEPLOYED, "list"],
  queryFn: ({ pageParam, queryKey }) =>
    body(
      api.GET("/v1/deployments", {
        headers: asked(queryKey),
        params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
      }),
    ),
  initialPageParam: "",
  getNextPageParam: (page: DeploymentList) => page.next ?? undefined,
  refetchInterval: LOOK_AGAIN,
});

export const deploymentQuery = (deployment: string) =>
  queryOptions({
    queryKey: [...DEPLOYED, deployment],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/deployments/{deployment}", {
          params: { path: { deployment } },
          headers: asked(queryKey),
        }),
      ),
    refetchInterval: LOOK_AGAIN,
  });

export const revisionsQuery = (deployment: string) =>
  infiniteQueryOptions({
    queryKey: [...DEPLOYED, deployment, "revisions"],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        api.GET("/v1/deployments/{deployment}/revisions", {
          headers: asked(queryKey),
          params: {
            path: { deployment },
            query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: RevisionList) => page.next ?? undefined,
  });

/** Those that somebody has to decide. */
export const proposalsQuery = queryOptions({
  queryKey: [...DEPLOYED, "proposals"],
  queryFn: ({ queryKey }) =>
    body(
      api.GET("/v1/promotions", {
        headers: asked(queryKey),
        params: { query: { status: "proposed", limit: PAGE } },
      }),
    ),
  refetchInterval: LOOK_AGAIN,
});

export const promotionQuery = (promotion: string) =>
  queryOptions({
    queryKey: [...DEPLOYED, "promotion", promotion],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/promotions/{promotion}", { params: { path: { promotion } }, headers: asked(queryKey) }),
      ),
  });

/** What runs now under the name that a promotion has; null: nothing does. */
export const presentQuery = (name: string) =>
  queryOptions({
    queryKey: [...DEPLOYED, "named", name],
    queryFn: async ({ queryKey }) => {
      const found = await body(
        api.GET("/v1/deployments", { params: { query: { name, limit: 1 } }, headers: asked(queryKey) }),
      );
      return found.items[0] ?? null;
    },
  });
