import { expect, test } from "vitest";
import type { GraphNode, JournalLine, RunView } from "../api/queries";
import { MASK } from "../run/mask";
import { givenTo, readOf } from "./failing";

const run = (input: unknown) => ({ state: "faulted", input }) as RunView;

function lines(...kinds: [string, string][]): JournalLine[] {
  return kinds.map(([kind, reference], seq) => ({
    seq,
    at: `2026-01-15T09:00:0${seq}.000Z`,
    kind,
    reference,
    name: reference.split("/").at(-1) ?? "",
    data: kind.endsWith("faulted") ? { error: {} } : null,
  }));
}

const FAILED: [string, string][] = [
  ["workflow.started", ""],
  ["task.started", "/do/0/try"],
  ["task.started", "/do/0/try/try/0/ask"],
  ["task.faulted", "/do/0/try/try/0/ask"],
  ["task.faulted", "/do/0/try"],
  ["workflow.faulted", ""],
];

test("what is edited is what the innermost task that failed was given", () => {
  const given = givenTo(
    lines(["workflow.started", ""], ["task.started", "/do/0/a"], ["task.faulted", "/do/0/a"]),
    {
      ...run({ number: "1" }),
    },
  );
  expect([given.step?.reference, readOf(given.text ?? "")]).toEqual(["/do/0/a", { number: "1" }]);
  expect(givenTo(lines(...FAILED), run({ number: "1" })).step?.reference).toBe("/do/0/try/try/0/ask");
});

test("of what was tried again it is the last try", () => {
  const again: [string, string][] = [
    ["run.retried", ""],
    ["task.started", "/do/1/b"],
    ["task.faulted", "/do/1/b"],
  ];
  expect(givenTo(lines(...FAILED, ...again), run({})).step?.reference).toBe("/do/1/b");
});

test("what is hidden is not sent back, and what failed in no task is written whole", () => {
  const simple = lines(["workflow.started", ""], ["task.started", "/do/0/a"], ["task.faulted", "/do/0/a"]);
  expect(givenTo(simple, run({ total: { amount: MASK } })).why).toBe("hidden");
  expect(givenTo(lines(["workflow.started", ""], ["workflow.faulted", ""]), run({})).why).toBe("unknown");
  expect(readOf("{")).toBeUndefined();
});

test("what a raise told takes no other input", () => {
  const refused = lines(["workflow.started", ""], ["task.started", "/do/0/no"], ["task.faulted", "/do/0/no"]);
  const node = (kind: string) => [{ reference: "/do/0/no", kind }] as GraphNode[];
  expect(givenTo(refused, run({}), node("raise")).why).toBe("raised");
  expect(givenTo(refused, run({}), node("call")).why).toBe(null);
});
