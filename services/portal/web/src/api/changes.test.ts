import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Changes } from "./changes";

/** A stream that opens or is refused when the test says so. */
class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static all: Stream[] = [];
  readyState = 0;

  constructor() {
    super();
    Stream.all.push(this);
  }

  close() {
    this.readyState = Stream.CLOSED;
  }

  refuse() {
    this.close();
    this.dispatchEvent(new Event("error"));
  }
}

const newest = (): Stream => Stream.all.at(-1) as Stream;

beforeEach(() => {
  vi.useFakeTimers();
  Stream.all = [];
  vi.stubGlobal("EventSource", Stream);
  vi.stubGlobal("document", new EventTarget());
  vi.stubGlobal("window", Object.assign(new EventTarget(), { setTimeout }));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Seconds until the next stream is asked for. */
function pause(): number {
  const before = Stream.all.length;
  let seconds = 0;
  for (; Stream.all.length === before && seconds < 300; seconds += 1) vi.advanceTimersByTime(1_000);
  return seconds;
}

it("asks for a refused stream at growing pauses, and begins anew once it has opened", () => {
  const changes = new Changes(
    () => {},
    () => {},
  );
  const pauses = [1, 2, 3, 4, 5, 6].map(() => {
    newest().refuse();
    return pause();
  });
  expect(pauses).toEqual([5, 10, 20, 40, 60, 60]);
  newest().dispatchEvent(new Event("open"));
  newest().refuse();
  expect(pause()).toBe(5);
  changes.close();
});

it("says at the first opening that changes may have been missed", () => {
  const gaps = vi.fn();
  const changes = new Changes(() => {}, gaps);
  expect(gaps).not.toHaveBeenCalled();
  newest().dispatchEvent(new Event("open"));
  expect(gaps).toHaveBeenCalledOnce();
  changes.close();
});
