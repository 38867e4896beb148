import { expect, test } from "vitest";
import en from "../texts/en";
import type { Received } from "./queries";
import { became, reason } from "./reasons";

const one = (changes: Partial<Received>): Received => ({
  id: "rcv_1",
  sent_id: "msg_1",
  state: "taken",
  event: "evt_1",
  type: "order.captured",
  problem: null,
  bytes: 10,
  replays: 0,
  received_at: "2026-01-31T09:30:00Z",
  ...changes,
});

test("a refusal that has no words of its own is said all the same", () => {
  expect(reason(en, "/problems/webhook-not-mapped")).toBe(en.refusedWhy["webhook-not-mapped"]);
  expect(reason(en, "/problems/of-a-later-version")).toBe(en.refusedPlain);
  expect(reason(en, "")).toBe(en.refusedPlain);
});

test("what became of a message says how often it was taken in again", () => {
  expect(became(en, one({}))).toBe("It is an event");
  expect(became(en, one({ replays: 2 }))).toBe("It is an event, taken in again 2 times");
  expect(became(en, one({ state: "ignored", event: null }))).toBe("Of a type that is not asked for");
  expect(became(en, one({ state: "refused", problem: "/problems/malformed-webhook" }))).toBe(
    en.refusedWhy["malformed-webhook"],
  );
});
