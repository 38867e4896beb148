import { expect, test } from "vitest";
import type { Schemas } from "../api/client";
import { grouped } from "./groups";

const line = (
  group: string | null,
  currency: string | null,
  count: number,
  atRisk: number | null,
  oldest: string,
): Schemas["GroupedExceptions"] => ({
  group,
  currency,
  count,
  late: count > 1 ? 1 : 0,
  value: atRisk === null ? null : atRisk * 2,
  at_risk: atRisk,
  oldest,
  next_breach: "2026-01-03T00:00:00Z",
});

test("a group has the sums of its currencies side by side, its count and its oldest", () => {
  const found = grouped([
    line("north", "USD", 2, 500, "2026-01-02T00:00:00Z"),
    line(null, null, 1, null, "2026-01-02T00:00:00Z"),
    line("north", "EUR", 3, 70, "2026-01-01T00:00:00Z"),
  ]);
  expect(found).toEqual([
    {
      group: "north",
      count: 5,
      late: 2,
      atRisk: [
        { amount: 500, currency: "USD" },
        { amount: 70, currency: "EUR" },
      ],
      oldest: "2026-01-01T00:00:00Z",
    },
    { group: null, count: 1, late: 0, atRisk: [], oldest: "2026-01-02T00:00:00Z" },
  ]);
});

test("nothing makes no group", () => {
  expect(grouped([])).toEqual([]);
});
