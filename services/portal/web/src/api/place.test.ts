import { expect, it } from "vitest";
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
