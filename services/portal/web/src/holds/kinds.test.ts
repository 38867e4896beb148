import { expect, test } from "vitest";
import { grouped } from "./kinds";

const line = {
  type: "credit",
  role: "credit-manager",
  currency: "USD",
  count: 2,
  value: 700,
  oldest: "2026-01-02T00:00:00Z",
  next_due: "2026-01-05T00:00:00Z",
};

test("holds of one type stand together whoever looks after them, and currencies do not add up", () => {
  const [first, second] = grouped([
    { ...line, type: "stock", currency: null, value: null, next_due: null },
    line,
    { ...line, role: "clerk", count: 1, value: 50, oldest: "2026-01-01T00:00:00Z" },
    { ...line, currency: "EUR", count: 1, value: 9, next_due: "2026-01-04T00:00:00Z" },
  ]);
  expect(first).toEqual({
    type: "credit",
    count: 4,
    atRisk: [
      { amount: 750, currency: "USD" },
      { amount: 9, currency: "EUR" },
    ],
    oldest: "2026-01-01T00:00:00Z",
    due: "2026-01-04T00:00:00Z",
  });
  expect([second?.type, second?.due, second?.atRisk]).toEqual(["stock", null, []]);
});
