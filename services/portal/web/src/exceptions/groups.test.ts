import { describe, expect, it } from "vitest";
import { grouped } from "./groups";

const line = (more: object) => ({
  category: "failed" as const,
  connection: null,
  currency: "USD",
  count: 1,
  value: 100,
  oldest: "2026-01-02T00:00:00Z",
  next_deadline: null,
  ...more,
});

describe("groups of exceptions", () => {
  it("come by category, the most of them first", () => {
    const found = grouped([line({}), line({ category: "parked", count: 5 })]);
    expect(found.map(one => [one.category, one.count])).toEqual([
      ["parked", 5],
      ["failed", 1],
    ]);
  });

  it("add up what is of one currency and nothing else", () => {
    const [group] = grouped([
      line({ value: 100 }),
      line({ connection: "con_1", value: 250 }),
      line({ currency: "EUR", value: 7 }),
      line({ currency: null, value: null }),
    ]);
    expect(group?.worth).toEqual([
      { amount: 350, currency: "USD" },
      { amount: 7, currency: "EUR" },
    ]);
    expect(group?.count).toBe(4);
  });

  it("say the oldest and the next deadline of all of them", () => {
    const [group] = grouped([
      line({ next_deadline: "2026-03-01T00:00:00Z" }),
      line({ oldest: "2026-01-01T00:00:00Z" }),
      line({ next_deadline: "2026-02-01T00:00:00Z" }),
    ]);
    expect(group?.oldest).toBe("2026-01-01T00:00:00Z");
    expect(group?.nextDeadline).toBe("2026-02-01T00:00:00Z");
  });
});
