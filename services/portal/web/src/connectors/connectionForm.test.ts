import { expect, test } from "vitest";
import { read } from "../form/answer";
import { type Draft, draftsOf } from "../form/drafts";
import { kindOf } from "../form/view";
import en from "../texts/en";
import { connectionForm, entered, NAME, named, placed } from "./connectionForm";
import type { ConnectorDetail } from "./queries";

const words = { ...en.connectForm, byDefault: en.parameterDefault };
const BOOKS: ConnectorDetail = {
  name: "books",
  version: "1.0.0",
  title: "Example Books",
  certification: { level: "certified", why: "", system: null, tested_on: null, tests: 0, since: [] },
  follows: null,
  limits: { at_once: 1, rate: null },
  scopes: [],
  secrets: [
    { name: "token", title: "API token", required: true },
    { name: "private_key", title: "Private key", required: false },
  ],
  traps: [],
  simulator: null,
  checked_by: "books.rows.list",
  operations: [],
  triggers: [],
  settings: {
    type: "object",
    required: ["base_url"],
    properties: {
      base_url: { type: "string", maxLength: 1000, title: "Base URL" },
      timeout_seconds: { type: "number", default: 30, title: "Time limit" },
      folder: { type: "string", default: "" },
      watch: { type: "array", items: { enum: ["orders"] }, default: ["orders"] },
      units: { type: "object", additionalProperties: { type: "string" }, default: { box: "BX" } },
      layouts: { type: "object", additionalProperties: { type: "object" }, default: {} },
      places: { type: "integer", enum: [0, 2], default: 2 },
      authority: { type: "string", maxLength: 100_000, default: "" },
    },
  },
};
const KEPT = {
  name: "erp",
  settings: { base_url: "https://books.example", layouts: { orders: { kind: "csv" } } },
  secrets: { token: { set: true, last4: "cdef", updated_at: "2026-01-02T12:00:00Z" } },
} as const;

function given(view: ReturnType<typeof connectionForm>, changes: Record<string, Draft>) {
  const fields = view.sections.flatMap(one => one.fields);
  const drafts = new Map([...draftsOf(fields, view.values), ...Object.entries(changes)]);
  const { values, wrong } = read(view, drafts, "save", "en", en.formWrong);
  return { ...entered(BOOKS, values, words), missing: wrong.map(one => one.pointer) };
}

test("has a field of its kind for each setting and secret, what is needed first", () => {
  const [section] = connectionForm(BOOKS, null, words).sections;
  const fields = section?.fields ?? [];
  const kinds = Object.fromEntries(fields.map(one => [one.name, kindOf(one.rule)]));
  expect(kinds).toEqual({
    name: "text",
    "settings.base_url": "text",
    "secrets.token": "secret",
    "secrets.private_key": "secret-lines",
    "settings.timeout_seconds": "number",
    "settings.folder": "text",
    "settings.watch": "choices",
    "settings.units": "entries",
    "settings.layouts": "note",
    "settings.places": "choice",
    "settings.authority": "note",
  });
  const needed = fields.filter(one => one.is_required).map(one => one.name);
  expect(needed).toEqual(["name", "settings.base_url", "secrets.token"]);
});

test("tells what was entered, and leaves what is empty to its default", () => {
  const view = connectionForm(BOOKS, null, words);
  expect(given(view, {}).missing).toEqual(["/name", "/settings.base_url", "/secrets.token"]);
  const { told, wrong } = given(view, {
    [NAME]: "erp",
    "settings.base_url": "https://books.example",
    "secrets.token": " not trimmed ",
    "settings.watch": [],
    "settings.layouts": '{"orders": {"kind": "csv"}}',
  });
  expect(wrong).toEqual([]);
  expect(told).toEqual({
    name: "erp",
    secrets: { token: " not trimmed " },
    settings: {
      base_url: "https://books.example",
      timeout_seconds: 30,
      watch: [],
      units: { box: "BX" },
      layouts: { orders: { kind: "csv" } },
      places: 2,
    },
  });
});

test("what is no JSON is said at its field", () => {
  const view = connectionForm(BOOKS, KEPT, words);
  const { wrong } = given(view, { "settings.layouts": "{orders" });
  expect(wrong).toEqual([{ pointer: "/settings.layouts", detail: en.connectForm.jsonWrong }]);
});

test("of a connection that is there no secret comes, and an empty one stays", () => {
  const view = connectionForm(BOOKS, KEPT, words);
  const fields = view.sections.flatMap(one => one.fields);
  expect(JSON.stringify(view.values)).not.toContain("cdef");
  const token = fields.find(one => one.name === "secrets.token");
  expect([token?.is_required, token?.rule.description]).toEqual([false, words.secretKept("cdef")]);
  expect(fields.find(one => one.name === NAME)?.is_writable).toBe(false);
  const { told, missing } = given(view, {});
  expect([told.secrets, missing]).toEqual([{}, []]);
  expect(told.settings).toMatchObject(KEPT.settings);
});

test("what was begun before somebody proved who they are is filled in again", () => {
  const view = connectionForm(BOOKS, null, words, { base_url: "https://begun.example" });
  expect(view.values["settings.base_url"]).toBe("https://begun.example");
});

test("what the server or a check says stands at the setting or the secret that it names", () => {
  expect(
    placed(BOOKS, [
      { pointer: "/settings/base_url", detail: "is no address" },
      { pointer: "/settings/layouts/orders/kind", detail: "is none" },
      { pointer: "/settings/watch/0", detail: "is none" },
      { pointer: "/secrets", detail: "`token` is missing" },
      { pointer: "/name", detail: "`token` is a bad name" },
      { pointer: "/fallback", detail: "none" },
    ]),
  ).toEqual([
    { pointer: "/settings.base_url", detail: "is no address" },
    { pointer: "/settings.layouts", detail: "orders/kind: is none" },
    { pointer: "/settings.watch/0", detail: "is none" },
    { pointer: "/secrets.token", detail: "`token` is missing" },
    { pointer: "/name", detail: "`token` is a bad name" },
    { pointer: "/fallback", detail: "none" },
  ]);
  expect(named(BOOKS, "It is elsewhere: change the setting `base_url`")).toEqual(["/settings.base_url"]);
  expect(named(BOOKS, "look at the secret `token`; `constructor` said so")).toEqual(["/secrets.token"]);
});
