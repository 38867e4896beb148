import { describe, expect, it } from "vitest";
import en from "../texts/en";
import { read } from "./answer";
import { type Draft, draftsOf } from "./drafts";
import { targetOf } from "./ErrorSummary";
import { field, RELEASE } from "./sample";
import type { FormView } from "./view";

const FIELDS = RELEASE.sections.flatMap(one => one.fields);
const words = en.formWrong;

function answered(changes: Record<string, Draft>, outcome: string | null = null, view: FormView = RELEASE) {
  const drafts = new Map(
    draftsOf(
      view.sections.flatMap(one => one.fields),
      view.values,
    ),
  );
  for (const [name, draft] of Object.entries(changes)) drafts.set(name, draft);
  return read(view, drafts, outcome, "en", words);
}

const told = (changes: Record<string, Draft>, outcome: string | null = null) =>
  answered({ decision: "once", ...changes }, outcome).wrong;

it("sends what is written, of what may be written, and nothing that was not touched and is empty", () => {
  const { values, wrong } = answered({ decision: "once" });
  expect(wrong).toEqual([]);
  expect(values).toEqual({
    decision: "once",
    limit: { amount: 500_000, currency: "USD" },
    lines: [{ sku: "A-1", quantity: { value: "2", unit: "EA" } }],
  });
});

it("empties what stood there before, and says so", () => {
  const { values } = answered({ decision: "once", limit: { number: "", of: "USD" }, lines: [] });
  expect(values).toEqual({ decision: "once", limit: null, lines: null });
});

it("keeps each kind as what it is", () => {
  const { values, wrong } = answered({
    decision: "limit",
    limit: { number: "7,200.50", of: "eur" },
    until: "2026-03-01",
    days: "14",
    reason: "  Paid by wire.\nSeen. ",
    seen: true,
    call: "2026-03-01T09:30",
    constructor: " Acme ",
    tags: ["late"],
    codes: "7\n\n8",
    proofs: ["doc_01h455vb4pex5vsknk084sn02q"],
    share: "12.50",
    rating: "2",
    lines: [],
  });
  expect(wrong).toEqual([]);
  expect(Object.entries(values)).toEqual([
    ["decision", "limit"],
    ["limit", { amount: 720_050, currency: "EUR" }],
    ["until", "2026-03-01"],
    ["days", 14],
    ["reason", "Paid by wire.\nSeen."],
    ["seen", true],
    ["call", new Date("2026-03-01T09:30").toISOString()],
    ["constructor", "Acme"],
    ["tags", ["late"]],
    ["codes", [7, 8]],
    ["proofs", ["doc_01h455vb4pex5vsknk084sn02q"]],
    ["share", "12.50"],
    ["rating", 2],
    ["lines", null],
  ]);
});

describe("what is wrong", () => {
  it.each([
    ["decision", "", "/decision", words.needed],
    ["days", "1.5", "/days", words.whole],
    ["days", "91", "/days", words.most(90)],
    ["days", "many", "/days", words.number],
    ["limit", { number: "1.234", of: "USD" }, "/limit", words.places],
    ["limit", { number: "1", of: "" }, "/limit", words.of],
    ["constructor", "x".repeat(41), "/constructor", words.long(40)],
    ["codes", "7\nx", "/codes/1", words.number],
  ] as const)("%s of %o is told at %s", (name, draft, pointer, detail) =>
    expect(told({ [name]: draft })).toEqual([{ pointer, detail }]),
  );

  it("is told in the row where it is", () => {
    const row = { key: 1, drafts: new Map<string, Draft>([["sku", " "]]) };
    expect(told({ lines: [row] })).toEqual([{ pointer: "/lines/0/sku", detail: words.needed }]);
  });

  it("depends on the outcome where it is needed for one", () => {
    expect(told({}, "approve")).toEqual([]);
    expect(told({}, "reject")).toEqual([{ pointer: "/reason", detail: words.needed }]);
  });

  it("leads to its field, its row, or to the form for what this reader does not have", () => {
    expect(targetOf(FIELDS, "/limit/amount")).toEqual({ pointer: "/limit", title: "New limit" });
    expect(targetOf(FIELDS, "/lines/1/sku")?.title).toMatch(/^Lines .* 2, Item$/);
    expect(targetOf(FIELDS, "/lines/1/sku")?.pointer).toBe("/lines/1/sku");
    expect(targetOf(FIELDS, "/lines/1/sku_")?.pointer).toBe("/lines");
    expect(targetOf(FIELDS, "/score")).toBeNull();
    expect(targetOf(FIELDS, "/tenant_id")).toBeNull();
    expect(targetOf(FIELDS, "")).toBeNull();
  });
});

it("asks for no yes where no is an answer", () => {
  const view = {
    ...RELEASE,
    sections: [{ title: "", fields: [field("yes", { type: "boolean" })] }],
    values: {},
  };
  expect(answered({ yes: false }, null, view).values).toEqual({ yes: false });
});
