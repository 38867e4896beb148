import { expect, test } from "vitest";
import { promise, type Step, standing } from "./way";

const step = (what: Step["what"], now: string | null = null): Step => ({
  what,
  at: "2026-03-01T08:00:00Z",
  was: now && "2026-03-02",
  now,
});

test("a delay moves the promise, and not where the order stands", () => {
  const steps = [step("received"), step("preparing"), step("delayed", "2026-03-04"), step("told")];
  expect(standing(steps)?.what).toBe("preparing");
  expect(promise(steps)?.now).toBe("2026-03-04");
});

test("what has arrived is promised for no day", () => {
  expect(promise([step("delayed", "2026-03-04"), step("delivered")])).toBeNull();
  expect(standing([])).toBeNull();
});
