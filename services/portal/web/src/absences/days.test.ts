import { expect, test } from "vitest";
import { away, beginning, dayOf, lastDay } from "./days";

test("an absence is whole days: it begins with the first and ends with the last", () => {
  const found = away("2026-02-27", "2026-02-28");
  expect(found && dayOf(new Date(found.since))).toBe("2026-02-27");
  expect(found && dayOf(new Date(found.until))).toBe("2026-03-01");
  expect(found && lastDay(found.until)).toBe("2026-02-28");
});

test("one day is an absence, and a last day before the first is none", () => {
  expect(away("2026-03-01", "2026-03-01")).not.toBeNull();
  expect(away("2026-03-02", "2026-03-01")).toBeNull();
  expect(away("", "2026-03-01")).toBeNull();
  expect(beginning("2026-12-31", 1).getFullYear()).toBe(2027);
});
