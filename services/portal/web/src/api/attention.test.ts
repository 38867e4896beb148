import createClient from "openapi-fetch";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { activeSeconds, follow, settle, take } from "./attention";
import { timed } from "./client";
import type { paths } from "./schema.gen";

/** As much of a window as is looked at. */
class Room extends EventTarget {
  document = { visibilityState: "visible" };
  location = { pathname: "/holds/hld_1" };
}

let room: Room;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  room = new Room();
  stop = follow(room as unknown as Window);
  activeSeconds();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1_000);
const move = () => room.dispatchEvent(new Event("pointermove"));

it("counts while a page is to be seen and somebody is at it", () => {
  pass(20);
  room.document.visibilityState = "hidden";
  pass(30);
  room.document.visibilityState = "visible";
  pass(5);
  expect(activeSeconds()).toBe(25);
  pass(600);
  expect(activeSeconds()).toBe(29);
  move();
  pass(3);
  expect(activeSeconds()).toBe(32);
});

it("begins anew with another page, and not with what is chosen on one", () => {
  pass(20);
  expect(activeSeconds()).toBe(20);
  room.location.pathname = "/holds";
  expect(activeSeconds()).toBe(0);
  pass(4);
  expect(take()).toEqual({ page: "/holds", seconds: 4 });
});

it("tells each second once, and again only what was not counted", () => {
  pass(12);
  const first = take();
  expect(first).toEqual({ page: "/holds/hld_1", seconds: 12 });
  expect(take()?.seconds).toBe(0);
  pass(3);
  if (first) settle(first, 4);
  expect(activeSeconds()).toBe(11);
  const second = take();
  room.location.pathname = "/inbox";
  if (second) settle(second, 0);
  expect(activeSeconds()).toBe(0);
});

it("is an hour at most", () => {
  for (let minute = 0; minute < 80; minute += 1) {
    move();
    pass(60);
  }
  expect(activeSeconds()).toBe(3_600);
});

it("measures nothing once it has stopped", () => {
  pass(9);
  stop();
  pass(9);
  expect([activeSeconds(), take()]).toEqual([0, null]);
});

function asking(answer: (request: Request) => Promise<Response>) {
  const sent: (string | null)[] = [];
  const api = createClient<paths>({
    baseUrl: "https://portal.example/",
    fetch: request => {
      sent.push(request.headers.get("active-seconds"));
      return answer(request);
    },
  });
  api.use(timed);
  const clear = () =>
    api.POST("/v1/holds/{hold}/clear", { params: { path: { hold: "hld_1" } }, body: { why: "x", seen: 1 } });
  return { api, sent, clear };
}

const counting = (counted: number | null, status = 200) =>
  Promise.resolve(
    Response.json({}, { status, headers: counted === null ? {} : { "Active-Seconds": String(counted) } }),
  );

it("sends what passed with an act alone, and what was counted never again", async () => {
  const { api, sent, clear } = asking(() => counting(7));
  pass(7);
  await api.GET("/v1/holds");
  await clear();
  pass(2);
  await clear();
  expect(sent).toEqual([null, "7", "2"]);
});

it("keeps what a preview or a refusal did not count for the act that follows", async () => {
  const { api, sent, clear } = asking(() => counting(null, 409));
  pass(7);
  await api.POST("/v1/holds/act", { body: { preview: true, filter: {}, why: "x" } });
  pass(1);
  await clear();
  expect([...sent, activeSeconds()]).toEqual(["7", "8", 8]);
});

it("says nothing of an act during another's answer, and tells no seconds of one that nobody answered", async () => {
  let answered = () => {};
  const waits = new Promise<void>(done => {
    answered = done;
  });
  const { sent, clear } = asking(async () => {
    await waits;
    throw new TypeError("offline");
  });
  pass(5);
  const both = [clear(), clear()];
  answered();
  expect((await Promise.allSettled(both)).map(one => one.status)).toEqual(["rejected", "rejected"]);
  expect([...sent, activeSeconds()]).toEqual(["5", null, 0]);
});

it("tells nothing of what is no work in an environment", async () => {
  const { api, sent } = asking(() => counting(null));
  pass(5);
  await api.POST("/portal/session/proof", { body: { password: "x" } });
  expect([...sent, activeSeconds()]).toEqual([null, 5]);
});
