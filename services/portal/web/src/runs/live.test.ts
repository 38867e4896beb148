import { type InfiniteData, QueryClient } from "@tanstack/react-query";
import { afterEach, expect, it } from "vitest";
import type { RunList, RunSummary } from "../api/queries";
import { applyChanges, arrivals, merged, release, scrolled, waiting } from "./live";

const run = (id: string, seq: number, state: RunSummary["state"] = "running") =>
  ({ id, seq, state }) as RunSummary;
const pages = (...items: RunSummary[]): InfiniteData<RunList, string> => ({
  pages: [{ items, next: null }],
  pageParams: [""],
});

afterEach(() => {
  scrolled.now = false;
  arrivals.set(new Map());
});

it("counts only what waits for the list that is shown", () => {
  const queries = new QueryClient();
  const list = (state: string, key = "") => ["runs", state, key];
  queries.setQueryData(list(""), pages());
  queries.setQueryData(list("faulted"), pages());
  queries.setQueryData(list("", "PO-7"), pages());
  scrolled.now = true;
  const count = (filter: Parameters<typeof waiting>[1]) => waiting(arrivals.get(), filter, new Set());
  applyChanges(queries, [{ ...run("run_1", 1), business_key: "PO-7" }]);
  expect([count({}), count({ state: "faulted" }), count({ key: "PO-7" }), count({ key: "o-7" })]).toEqual([
    1, 0, 1, 1,
  ]);
  expect(count({ key: "PO-8" })).toBe(0);
  expect(waiting(arrivals.get(), {}, new Set(["run_1"]))).toBe(0);
  applyChanges(queries, [run("run_2", 1, "faulted")]);
  expect(count({ state: "faulted" })).toBe(1);
  applyChanges(queries, [run("run_2", 2, "cancelled")]);
  expect(count({ state: "faulted" })).toBe(0);
  scrolled.now = false;
  release(queries);
  const shown = (key: string[]) => queries.getQueryData<InfiniteData<RunList>>(key)?.pages[0]?.items;
  expect(shown(list(""))?.map(one => [one.id, one.state])).toEqual([
    ["run_2", "cancelled"],
    ["run_1", "running"],
  ]);
  expect(shown(list("faulted"))).toEqual([]);
});

it("never puts an older state in the place of a newer one", () => {
  const known = pages(run("run_2", 5, "completed"));
  expect(merged(known, [run("run_2", 3)], [])).toBe(known);
  expect(merged(known, [run("run_2", 6, "faulted")], []).pages[0]?.items[0]?.state).toBe("faulted");
});

it("puts new runs on top, the newest first", () => {
  const fresh = [run("run_3", 1), run("run_4", 1)];
  const ids = merged(pages(run("run_2", 5)), fresh, fresh).pages[0]?.items.map(one => one.id);
  expect(ids).toEqual(["run_4", "run_3", "run_2"]);
});
