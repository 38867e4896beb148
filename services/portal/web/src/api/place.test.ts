import { expect, it, vi } from "vitest";
import { api } from "./client";
import { apiAt, keyOf, placed } from "./place";

const place = { client: "example-parts", environment: "test" };

it("leads a route of an environment to the one that is named, and to no other path", () => {
  expect(placed(place, "/v1/deployments/dep_1/roll-back")).toBe(
    "/v1/clients/example-parts/test/deployments/dep_1/roll-back",
  );
  expect(placed({ client: "a/../b", environment: "?" }, "/v1/readiness")).toBe(
    "/v1/clients/a%2F..%2Fb/%3F/readiness",
  );
});

it("calls the session's own environment where none is named, and keeps apart what is of each", () => {
  expect(apiAt(null)).toBe(api);
  expect(new Set([keyOf(null), keyOf(place), keyOf({ ...place, environment: "live" })]).size).toBe(3);
});

it("sends every call there, with parameters in its path or without", async () => {
  const sent: string[] = [];
  class Here extends Request {
    constructor(input: string | URL | Request, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, "http://portal.example") : input, init);
    }
  }
  vi.stubGlobal("Request", Here);
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(`${request.method} ${request.url} ${await request.text()}`);
    return Response.json({ items: [], next: null });
  });
  const there = apiAt(place);
  await there.GET("/v1/deployments", { params: { query: { limit: 1 } } });
  await there.GET("/v1/promotions/{promotion}", { params: { path: { promotion: "prm_1" } } });
  await there.POST("/v1/deployments/{deployment}/roll-back", {
    params: { path: { deployment: "dep_1" } },
    body: { to_revision: 1 },
  });
  vi.unstubAllGlobals();
  const root = "http://portal.example/v1/clients/example-parts/test";
  expect(sent).toEqual([
    `GET ${root}/deployments?limit=1 `,
    `GET ${root}/promotions/prm_1 `,
    `POST ${root}/deployments/dep_1/roll-back {"to_revision":1}`,
  ]);
});
