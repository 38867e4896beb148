import { expect, test } from "vitest";
import type { Connection } from "../connectors/queries";
import { read } from "../form/answer";
import { draftsOf } from "../form/drafts";
import en from "../texts/en";
import { careOf, careView, placedCare } from "./care";

const ERP: Connection = {
  id: "con_1",
  name: "erp",
  connector: "books",
  certification: "certified",
  limits: { at_once: 4, rate: { calls: 40, seconds: 1 } },
  owner: "maria@acme.example",
  fallback: "con_2",
  playbook: { operations: {}, same_system: false },
  status: "active",
  revision: 3,
  created_at: "2026-01-02T12:00:00Z",
  updated_at: "2026-01-02T12:00:00Z",
};
const OTHER: Connection = { ...ERP, id: "con_2", name: "erp-copy", fallback: null };

function told(changed: Record<string, string>, known = ERP, others = [ERP, OTHER]) {
  const view = careView(known, others, "10 calls at once", en.care);
  const fields = view.sections.flatMap(one => one.fields);
  const drafts = new Map([...draftsOf(fields, view.values), ...Object.entries(changed)]);
  const found = read(view, drafts, null, "en", en.formWrong);
  expect(found.wrong).toEqual([]);
  return careOf(found.values, en.care);
}

test("what is left as it is is sent as it is", () => {
  const { limits, owner, fallback } = ERP;
  expect(told({})).toEqual({ care: { limits, owner, fallback }, wrong: [] });
});

test("what is emptied is taken away, and the period of a rate is a second", () => {
  expect(told({ owner: " ", calls: "", seconds: "", fallback: "" }).care).toEqual({
    owner: null,
    limits: { at_once: 4, rate: null },
    fallback: null,
  });
  expect(told({ seconds: "" }).care.limits?.rate).toEqual({ calls: 40, seconds: 1 });
});

test("a period without calls is wrong", () => {
  expect(told({ calls: "", seconds: "60" }).wrong).toEqual([
    { pointer: "/calls", detail: en.care.callsNeeded },
  ]);
});

test("a connection is no fallback of itself, and alone it is asked for none", () => {
  const fields = (others: Connection[]) => careView(ERP, others, "", en.care).sections[0]?.fields ?? [];
  expect(fields([ERP, OTHER]).find(one => one.name === "fallback")?.rule.oneOf).toEqual([
    { const: "con_2", title: "erp-copy" },
  ]);
  expect(fields([ERP]).some(one => one.name === "fallback")).toBe(false);
  expect("fallback" in told({}, { ...ERP, fallback: null }, [ERP]).care).toBe(false);
});

test("what the server refuses stands at its field", () => {
  expect(placedCare([{ pointer: "/limits/rate/calls", detail: "too many" }])).toEqual([
    { pointer: "/calls", detail: "too many" },
  ]);
});
