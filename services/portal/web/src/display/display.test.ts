import { describe, expect, it } from "vitest";
import { filled } from "../api/sample";
import { isMoney, money } from "./money";
import { human, initials } from "./names";
import { absolute, clock, duration, relative, sinceWords } from "./time";

describe("durations", () => {
  it.each([
    [0, "0 ms"],
    [312, "312 ms"],
    [4_200, "4.2 s"],
    [42_900, "42 s"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [273_600_000, "3 d 4 h"],
    [-5, "0 ms"],
  ])("%i ms is %s", (milliseconds, words) => expect(duration("en", milliseconds)).toBe(words));
});

it("tells recent times relative, also when the clocks differ", () => {
  const now = Date.parse("2026-01-15T09:30:00Z");
  expect(relative("en", "2026-01-15T09:27:00Z", now, "just now")).toBe("3 min. ago");
  expect(relative("en", "2026-01-15T09:29:01Z", now, "just now")).toBe("just now");
  expect(relative("en", "2026-01-15T09:30:02Z", now, "just now")).toBe("just now");
});

it.each(["en", "es"] as const)("begins the day at 00:00 in %s", language => {
  const midnight = new Date(2026, 0, 15, 0, 5, 9).getTime();
  expect(clock(language, midnight)).toBe("00:05");
  expect(clock(language, midnight, true)).toBe("00:05:09");
  expect(absolute(language, midnight)).toContain("00:05:09");
  expect(relative(language, midnight, midnight + 3 * 86_400_000, "")).toContain("00:05");
});

it("stands still until the words for an age change", () => {
  expect(sinceWords(1_000, 60_999)).toBe(1_000);
  expect(sinceWords(1_000, 61_000)).toBe(61_000);
  expect(sinceWords(1_000, 0)).toBe(1_000);
});

describe("money", () => {
  it("is written in its currency's minor unit, negative too", () => {
    expect(money("en", { amount: 17890, currency: "USD" })).toBe("$178.90");
    expect(money("en", { amount: -1299, currency: "JPY" })).toBe("-¥1,299");
    expect(money("en", { amount: 1234567, currency: "KWD" })).toContain("1,234.567");
  });
  it("is known by its form", () => {
    expect(isMoney({ amount: 1, currency: "USD" })).toBe(true);
    expect(isMoney({ amount: 1.5, currency: "USD" })).toBe(false);
    expect(isMoney({ amount: "••••••", currency: "USD" })).toBe(false);
    expect(isMoney({ amount: 1, currency: "USD", tax: 2 })).toBe(false);
    expect(isMoney(null)).toBe(false);
  });
});

it("writes names as people do", () => {
  expect(human("check-credit")).toBe("Check credit");
  expect(human("unitPrice")).toBe("Unit Price");
  expect(initials("Summit Integration & Automation")).toBe("SI");
});

it("fills a sample's stars with the same digits everywhere", () => {
  const sample = { subject: "PO-*", data: { number: "PO-*", lines: [{ item: "SKU-1", quantity: 2 }] } };
  expect(filled(sample, "42")).toEqual({
    subject: "PO-42",
    data: { number: "PO-42", lines: [{ item: "SKU-1", quantity: 2 }] },
  });
});
