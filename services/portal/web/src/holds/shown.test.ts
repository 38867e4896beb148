import { expect, test } from "vitest";
import { cutsOf, filterOf, shownOf } from "./shown";

test("an address says which holds are shown, and what it does not know is left out", () => {
  const shown = shownOf({ type: "credit", order: 4711, sort: "value", status: "overridden", mine: true });
  expect(filterOf(shown)).toEqual({ type: "credit", order: "4711" });
  expect([shown.sort, shown.status]).toEqual(["value", "overridden"]);
  expect(cutsOf(shown)).toEqual(["type", "order"]);
  const odd = shownOf({ type: "", sort: "colour", status: "gone", role: ["a"] });
  expect([odd.type, odd.sort, odd.status, odd.role]).toEqual([undefined, undefined, undefined, undefined]);
});

test("what is so anyway stands in no address", () => {
  const shown = shownOf({ sort: "due", status: "active" });
  expect([shown.sort, shown.status]).toEqual([undefined, undefined]);
});
