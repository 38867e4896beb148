import type { InfiniteData } from "@tanstack/react-query";
import { expect, it } from "vitest";
import type { RunList, RunSummary } from "../api/queries";
import { merged } from "./live";

const run = (id: string, seq: number, state: RunSummary["state"] = "running") =>
  ({ id, seq, state }) as RunSummary;
const pages = (...items: RunSummary[]): InfiniteData<RunList, string> => ({
  pages: [{ items, next: null }],
  pageParams: [""],
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
