import { expect, it } from "vitest";
import en from "../texts/en";
import es from "../texts/es";
import { MASK } from "./mask";
import { faultedEnd, outcomeOf } from "./outcome";

const ended = (state: string, output: unknown, error: unknown = null) => ({ state, output, error });

it("writes plain facts as the panel of a step does", () => {
  const found = outcomeOf(ended("completed", { done: true, late: false, count: 2, name: MASK }), en, "en");
  expect(found?.facts).toEqual([
    ["Done", "Yes"],
    ["Late", "No"],
    ["Count", "2"],
    ["Name", "Hidden"],
  ]);
});

it("names the step that failed, where the workflow has it", () => {
  const error = {
    title: "The order is not valid",
    detail: "It has two currencies.",
    instance: "/do/2/refuse",
  };
  const titles = new Map([["/do/2/refuse", "Refuse second currency"]]);
  expect(outcomeOf(ended("faulted", null, error), en, "en", titles)).toMatchObject({
    at: "Refuse second currency",
    lead: error.detail,
  });
  expect(outcomeOf(ended("faulted", null, { title: MASK, detail: MASK }), en, "en")).toMatchObject({
    title: en.faultedTitle,
    lead: en.faultedBody,
  });
  const undone = { ...ended("faulted", null, { title: "No truck" }), compensated_by: "run_1" };
  expect(outcomeOf(undone, en, "en")?.lead).toBe(en.undoneBody);
});

it("says where an order does not fit, and of its value only what may be read", () => {
  const type = "https://serverlessworkflow.io/spec/1.0.0/errors/validation";
  const error = { type, title: "The input breaks its schema", instance: "/input" };
  const faulted = (detail: string) => ended("faulted", null, { ...error, detail });
  const said = '1299 is not of type "object"';
  expect(outcomeOf(faulted(`${said} (at /0/data/lines/0/unit_price)`), en, "en")).toMatchObject({
    title: en.unfitTitle,
    lead: `${en.unfitAt("lines/0/unit_price")} ${said}. ${en.unfitBody}`,
  });
  expect(outcomeOf(faulted(`${MASK} (at /lines/0)`), en, "en")?.lead).toBe(
    `${en.unfitAt("lines/0")} ${en.unfitBody}`,
  );
  expect(outcomeOf(faulted(MASK), en, "en")?.lead).toBe(en.unfitBody);
  expect(faultedEnd(faulted(MASK))).toBe("start");
  expect(faultedEnd({ ...faulted(MASK), failed_at: "/output" })).toBe("end");
  expect(faultedEnd({ ...faulted(MASK), failed_at: "/do/0/read" })).toBeNull();
});

it("says a sale's state in the reader's language", () => {
  const output = { released: true, sale: { number: "SO-1", state: "confirmed" } };
  expect(outcomeOf(ended("completed", output), es, "es")?.facts).toEqual([[es.saleState, "Confirmada"]]);
});
