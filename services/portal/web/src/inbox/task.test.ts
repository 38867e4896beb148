import { expect, test } from "vitest";
import { attachedTo } from "./Attachments";
import { mayTake } from "./Others";
import type { Colleague, TaskView } from "./queries";
import { whatMay } from "./TaskActs";

const colleague = (id: string, roles: string[], inHand: number, substitute?: string): Colleague => ({
  id,
  name: id,
  roles,
  in_hand: inHand,
  away_until: substitute === undefined ? null : "2030-01-01T00:00:00Z",
  substitute: substitute ?? null,
});

test("who is away takes nothing, and whoever acts for them does; the least in hand first", () => {
  const people = [
    colleague("me", ["clerk"], 0),
    colleague("busy", ["clerk"], 9),
    colleague("free", ["clerk"], 1),
    colleague("away", ["clerk"], 0, "acts"),
    colleague("acts", ["buyer"], 3),
    colleague("other", ["buyer"], 0),
  ];
  expect(mayTake(people, "clerk", "me").map(one => one.id)).toEqual(["free", "acts", "busy"]);
});

test("a file that was put to a task twice is one", () => {
  const act = (action: string, target: string | null) => ({ action, target }) as TaskView["history"][number];
  const history = [
    act("attached", "doc_1"),
    act("commented", null),
    act("attached", "doc_1"),
    act("attached", "doc_2"),
  ];
  expect(attachedTo({ history })).toEqual(["doc_1", "doc_2"]);
});

test("what may be done with a task follows its state and whose it is", () => {
  const task = { closed_at: null, role: "clerk", state: "offered", yours: true } as const;
  expect(whatMay(task, false)).toEqual({ claim: true, release: false, delegate: true, reassign: false });
  expect(whatMay({ ...task, state: "claimed", yours: false }, true)).toEqual({
    claim: false,
    release: true,
    delegate: true,
    reassign: true,
  });
  const outside = whatMay({ ...task, role: "" }, true);
  expect(Object.values(outside)).toEqual([false, false, false, false]);
});
