import { expect, test } from "vitest";
import { countOf, together } from "./outcomes";
import type { Told } from "./queries";

const told = (id: string, outcome: Told["outcome"]): Told => ({ id, outcome, why: null });

test("what was decided stays decided when the rest is sent on", () => {
  const before = [told("a", "completed"), told("b", "left"), told("c", "refused")];
  const now = [told("a", "changed"), told("b", "completed")];
  const both = together(before, now);
  expect(both.map(one => one.outcome)).toEqual(["completed", "completed", "refused"]);
  expect(countOf(both, "completed", "approved")).toBe(2);
});
