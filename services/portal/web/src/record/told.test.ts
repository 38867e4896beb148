import { expect, it } from "vitest";
import { MASK } from "../run/mask";
import { inOrder, told } from "./told";

const USD = { currency: "USD" };

it.each([
  [{ amount: 1299, ...USD }, "$12.99"],
  [{ amount: 1299, ...USD, per: { value: "1", unit: "EA" } }, "$12.99 / 1 EA"],
  [{ value: "4.5", unit: "MTR" }, "4.5 MTR"],
  [{ id: "ACME-001", name: "Acme Wholesale" }, "Acme Wholesale (ACME-001)"],
  [{ id: "W1" }, "W1"],
  [{ street: "17 Example Street", city: "Springfield", country: "US" }, "17 Example Street, Springfield, US"],
  ["2026-01-19", "Jan 19, 2026"],
])("tells a part on one line: %j", (part, line) => {
  expect(told(part, "en")).toBe(line);
});

it.each([
  [{ id: MASK, name: MASK }],
  [{ value: MASK, unit: "EA" }],
  [{ id: "ACME-001", credit: { amount: 1, ...USD } }],
  [{}],
  [["a"]],
  ["SO-1"],
  [12],
  [null],
])("leaves to others what is hidden, or has more to say: %j", part => {
  expect(told(part, "en")).toBeNull();
});

it("begins with what a record is called by, and ends with its lists", () => {
  const record = {
    lines: [{ line: "1" }],
    holds: [],
    totals: { total: { amount: 1, ...USD }, lines: { amount: 1, ...USD } },
    currency: "USD",
    note: null,
    customer: { id: "C-1" },
    state: "held",
    number: "SO-1",
  };
  const names = inOrder(record, "en").map(([name]) => name);
  expect(names).toEqual(["number", "state", "customer", "currency", "totals", "lines"]);
});
