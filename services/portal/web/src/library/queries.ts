import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { asked } from "../api/background";
import { api, body, type Schemas } from "../api/client";
import { apiAt, keyOf, type Place } from "../api/place";
import { numberOf } from "../orders/queries";

export type Template = Schemas["TemplateDetail"];
export type Listed = Schemas["TemplateList"]["items"][number];
export type Rehearsal = Schemas["Rehearsal"];

const PAGE = 200;

export const templatesQuery = infiniteQueryOptions({
  queryKey: ["templates"],
  queryFn: ({ pageParam, queryKey }) =>
    body(
      api.GET("/v1/templates", {
        headers: asked(queryKey),
        params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
      }),
    ),
  initialPageParam: "",
  getNextPageParam: (page: Schemas["TemplateList"]) => page.next ?? undefined,
});

/** Its versions, the newest first. */
export const versionsQuery = (template: string) =>
  queryOptions({
    queryKey: ["templates", template, "versions"],
    queryFn: async ({ queryKey }) => {
      const given = { params: { query: { name: template, limit: PAGE } }, headers: asked(queryKey) };
      const found = await body(api.GET("/v1/templates", given));
      return found.items.map(one => one.version).reverse();
    },
  });

export const templateQuery = (template: string, version: string | undefined) =>
  queryOptions({
    queryKey: ["templates", template, version ?? ""],
    queryFn: ({ queryKey }) =>
      body(
        api.GET("/v1/templates/{template}", {
          params: { path: { template }, query: version ? { version } : {} },
          headers: asked(queryKey),
        }),
      ),
    // A released version never changes.
    staleTime: 300_000,
  });

/** What an environment has for one template: the newest version of it, and those that run there. */
export const needsQuery = (place: Place, template: string) =>
  queryOptions({
    queryKey: ["readiness", keyOf(place), template],
    queryFn: ({ queryKey }) =>
      body(apiAt(place).GET("/v1/readiness", { params: { query: { template } }, headers: asked(queryKey) })),
  });

/** Names of the environment's business calendars. */
export const calendarsQuery = (place: Place) =>
  queryOptions({
    queryKey: ["calendars", keyOf(place)],
    queryFn: async ({ queryKey }) => {
      const given = { params: { query: { limit: PAGE } }, headers: asked(queryKey) };
      const found = await body(apiAt(place).GET("/v1/calendars", given));
      return found.items.map(one => one.name);
    },
  });

/** Records of a kind that the environment's systems told of, each by the number that people call it. */
export const numbersQuery = (place: Place, kind: string) =>
  queryOptions({
    queryKey: ["numbers", keyOf(place), kind],
    queryFn: async ({ queryKey }) => {
      const given = { params: { query: { kind, limit: PAGE } }, headers: asked(queryKey) };
      const found = await body(apiAt(place).GET("/v1/entities", given));
      return found.items.filter(one => one.keys.length > 0).map(numberOf);
    },
    staleTime: 30_000,
  });

/** What deployments inherit there. */
export const inheritedQuery = (place: Place) =>
  queryOptions({
    queryKey: ["parameters", keyOf(place)],
    queryFn: ({ queryKey }) => body(apiAt(place).GET("/v1/parameters", { headers: asked(queryKey) })),
  });
