import { expect, test } from "vitest";
import en from "../texts/en";
import { choicesFor, rolesOf } from "./colleagues";
import type { Colleague } from "./queries";

const colleague = (id: string, roles: string[], away: string | null = null): Colleague => ({
  id,
  name: `Name ${id}`,
  roles,
  in_hand: 2,
  away_until: away,
  substitute: null,
});

const PEOPLE = [
  colleague("me", ["clerk"]),
  colleague("a", ["buyer"]),
  colleague("b", ["clerk", "buyer"], "2030-01-01T00:00:00Z"),
];

test("those with the role come first, and who asks is not among them", () => {
  const groups = choicesFor(PEOPLE, "clerk", ["me", null], en);
  expect(groups.map(one => one.items.map(item => item.value))).toEqual([["b"], ["a"]]);
  expect(groups[0]?.items[0]?.label).toContain("away");
});

test("where nobody else has the role there is no such group", () => {
  expect(choicesFor(PEOPLE, "manager", ["me"], en)).toHaveLength(1);
});

test("roles are those that anybody has, each once", () => {
  expect(rolesOf(PEOPLE)).toEqual(["buyer", "clerk"]);
});
