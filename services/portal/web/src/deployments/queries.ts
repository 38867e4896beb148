import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { body, type Schemas } from "../api/client";
import { apiAt, keyOf, type Place } from "../api/place";

export type Deployment = Schemas["DeploymentView"];
export type Revision = Schemas["RevisionView"];
export type Promotion = Schemas["PromotionView"];
export type Materials = Schemas["Materials"];
type DeploymentList = Schemas["DeploymentList"];
type RevisionList = Schemas["RevisionList"];

const PAGE = 50;
/** Others deploy and decide, too. */
const LOOK_AGAIN = 15_000;
export const DEPLOYED = ["deployments"] as const;
const at = (place: Place | null) => [...DEPLOYED, keyOf(place)] as const;

export const deploymentsQuery = (place: Place | null) =>
  infiniteQueryOptions({
    queryKey: [...at(place), "list"],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        apiAt(place).GET("/v1/deployments", {
          headers: asked(queryKey),
          params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page: DeploymentList) => page.next ?? undefined,
    refetchInterval: LOOK_AGAIN,
  });

export const deploymentQuery = (place: Place | null, deployment: string) =>
  queryOptions({
    queryKey: [...at(place), deployment],
    queryFn: ({ queryKey }) =>
      body(
        apiAt(place).GET("/v1/deployments/{deployment}", {
          params: { path: { deployment } },
          headers: asked(queryKey),
        }),
      ),
    refetchInterval: LOOK_AGAIN,
  });

export const revisionsQuery = (place: Place | null, deployment: string) =>
  infiniteQueryOptions({
    queryKey: [...at(place), deployment, "revisions"],
    queryFn: ({ pageParam, queryKey }) =>
      body(
        apiAt(place).GET("/v1/deployments/{deployment}/revisions", {
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
export const proposalsQuery = (place: Place | null) =>
  queryOptions({
    queryKey: [...at(place), "proposals"],
    queryFn: ({ queryKey }) =>
      body(
        apiAt(place).GET("/v1/promotions", {
          headers: asked(queryKey),
          params: { query: { status: "proposed", limit: PAGE } },
        }),
      ),
    refetchInterval: LOOK_AGAIN,
  });

export const promotionQuery = (place: Place | null, promotion: string) =>
  queryOptions({
    queryKey: [...at(place), "promotion", promotion],
    queryFn: ({ queryKey }) =>
      body(
        apiAt(place).GET("/v1/promotions/{promotion}", {
          params: { path: { promotion } },
          headers: asked(queryKey),
        }),
      ),
  });

/** What runs now under the name that a promotion has; null: nothing does. */
export const presentQuery = (place: Place | null, name: string) =>
  queryOptions({
    queryKey: [...at(place), "named", name],
    queryFn: async ({ queryKey }) => {
      const found = await body(
        apiAt(place).GET("/v1/deployments", {
          params: { query: { name, limit: 1 } },
          headers: asked(queryKey),
        }),
      );
      return found.items[0] ?? null;
    },
  });

/** All that a run of it is made of. */
export const materialsQuery = (place: Place | null, deployment: string) =>
  queryOptions({
    queryKey: [...at(place), deployment, "materials"],
    queryFn: ({ queryKey }) =>
      body(
        apiAt(place).GET("/v1/deployments/{deployment}/materials", {
          params: { path: { deployment } },
          headers: asked(queryKey),
        }),
      ),
  });
