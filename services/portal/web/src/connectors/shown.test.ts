import { expect, test } from "vitest";
import type { Connector, Operation } from "./queries";
import { areasOf, changedSince, shownOf, standIns } from "./shown";

const operation = (name: string, capability = true): Operation => ({
  name,
  title: name,
  effect: "read",
  reads_back: false,
  key_valid_for: null,
  capability,
  writes: [],
  scopes: [],
});

const connector = (name: string, more: Partial<Connector>): Connector => ({
  name,
  version: "1.0.0",
  title: name,
  certification: { level: "certified", why: "", system: null, tested_on: null, tests: 0, since: [] },
  follows: null,
  limits: { at_once: 1, rate: null },
  scopes: [],
  secrets: [],
  traps: [],
  simulator: null,
  checked_by: null,
  operations: [],
  triggers: [],
  ...more,
});

const books = connector("books", {
  title: "Ámbar Books",
  operations: [
    operation("erp.customers.credit"),
    operation("erp.items.availability"),
    operation("books.rows.list", false),
  ],
});
const shop = connector("shop", {
  title: "Shop",
  certification: { ...books.certification, level: "not certified" },
  operations: [operation("shop.orders.list")],
});
const half = connector("half", { simulator: "half of it", operations: [operation("erp.customers.credit")] });
const whole = connector("whole", { simulator: "all of it", operations: [...books.operations] });
const ALL = [shop, whole, books, half];
const names = (found: readonly Connector[]) => found.map(one => one.name);

test("is found by every word of its title, its name or its operations, whatever their accents", () => {
  expect(names(shownOf(ALL, { find: " ambar  CREDIT " }))).toEqual(["books"]);
  expect(names(shownOf(ALL, { find: "nothing" }))).toEqual([]);
  expect(names(shownOf(ALL, {}))).toEqual(["books", "half", "shop", "whole"]);
});

test("is found by its level and by what it offers, and not by what is its own", () => {
  expect(names(shownOf(ALL, { level: "not certified" }))).toEqual(["shop"]);
  expect(names(shownOf(ALL, { offers: "erp" }))).toEqual(["books", "half", "whole"]);
  expect(names(shownOf(ALL, { offers: "erp.items.availability" }))).toEqual(["books", "whole"]);
  expect(names(shownOf(ALL, { offers: "books" }))).toEqual([]);
  expect(names(shownOf(ALL, { offers: "er" }))).toEqual([]);
});

test("areas are those of capabilities, beside what the address asks for", () => {
  expect(areasOf(ALL, undefined)).toEqual(["erp", "shop"]);
  expect(areasOf(ALL, "erp.customers.credit")).toEqual(["erp", "erp.customers.credit", "shop"]);
});

test("simulators that offer the most of it come first; one of a simulator has none", () => {
  expect(standIns(books, ALL).map(one => [one.of.name, one.offers.length])).toEqual([
    ["whole", 2],
    ["half", 1],
  ]);
  expect(standIns(half, ALL)).toEqual([]);
  expect(standIns(shop, ALL)).toEqual([]);
});

test("what changed since its tests is named without the words around it", () => {
  expect(changedSince(["the shared code `sdk`", "its tests, of which nothing was written down"])).toEqual([
    "sdk",
    "its tests, of which nothing was written down",
  ]);
});
