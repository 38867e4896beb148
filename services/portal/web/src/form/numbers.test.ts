import { describe, expect, it } from "vitest";
import { money } from "../display/money";
import { major, minor, plain } from "./numbers";

describe("a number as people write it", () => {
  it.each([
    ["12.5", "en", "12.5"],
    ["12,5", "es", "12.5"],
    ["12,5", "en", "12.5"],
    ["5,000", "en", "5000"],
    ["5.000", "es", "5000"],
    ["1,234,567.80", "en", "1234567.80"],
    ["1.234.567,80", "es", "1234567.80"],
    ["1 234,5", "es", "1234.5"],
    ["007", "en", "7"],
    ["-0.00", "en", "0.00"],
    ["-3", "en", "-3"],
    ["9007199254740993.01", "en", "9007199254740993.01"],
  ])("%s in %s is %s", (written, language, number) => expect(plain(written, language)).toBe(number));

  it.each(["", "abc", "1e3", "1,2,3", "12.", ".5", "--1", "0x10", "5,00,000", "1.2.3", "Infinity"])(
    "%s is none",
    written => {
      expect(plain(written, "en")).toBeNull();
    },
  );
});

describe("an amount in minor units, digit by digit", () => {
  it.each([
    ["12.99", "USD", 1299],
    ["5000", "USD", 500_000],
    ["0.07", "USD", 7],
    ["1.10", "EUR", 110],
    ["1299", "JPY", 1299],
    ["100", "RSD", 10_000],
    ["1.234", "KWD", 1234],
    ["-8.15", "USD", -815],
    ["12.990", "USD", 1299],
    ["90071992547409.91", "USD", 9_007_199_254_740_991],
  ])("%s %s is %i", (decimal, currency, amount) => expect(minor(decimal, currency)).toBe(amount));

  it.each([
    ["12.995", "USD"],
    ["1.5", "JPY"],
    ["90071992547409.92", "USD"],
  ])("%s %s is none", (decimal, currency) => expect(minor(decimal, currency)).toBeNull());

  it.each([
    [1299, "USD"],
    [-5, "USD"],
    [0, "USD"],
    [1299, "JPY"],
    [1, "KWD"],
  ])("%i %s comes back as it was", (amount, currency) =>
    expect(minor(major(amount, currency), currency)).toBe(amount),
  );
});

it("shows an amount with the places that its currency has, whatever cash there is", () => {
  expect(money("en", { amount: 10_050, currency: "RSD" })).toMatch(/100\.50/);
  expect(money("en", { amount: 1234, currency: "JPY" })).toMatch(/1,234$/);
});
