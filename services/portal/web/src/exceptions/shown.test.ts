import { expect, test } from "vitest";
import { cutsOf, filterOf, shownOf } from "./shown";

test("an address says what is shown, and what it does not know is left out", () => {
  const shown = shownOf({
    category: "failed",
    connection: "con_1",
    warehouse: 7,
    sort: "age",
    by: "channel",
    x: 1,
  });
  expect(filterOf(shown)).toEqual({ category: "failed", warehouse: "7", connection: "con_1" });
  expect([shown.sort, shown.by, shown.mine]).toEqual(["age", "channel", undefined]);
  expect(cutsOf(shown)).toEqual(["category", "warehouse", "system"]);
  const odd = shownOf({ category: "odd", sort: "risk", by: "colour", mine: "yes" });
  expect([odd.category, odd.sort, odd.by, odd.mine]).toEqual([undefined, undefined, undefined, undefined]);
});

test("groups are of all that the other filters find", () => {
  const shown = shownOf({ warehouse: "north", connection: "con_1" });
  expect(filterOf(shown, "system")).toEqual({ warehouse: "north" });
  expect(filterOf(shown, "warehouse")).toEqual({ connection: "con_1" });
});
