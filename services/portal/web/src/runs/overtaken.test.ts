import { type InfiniteData, QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunList, RunSummary } from "../api/queries";
import { applyChanges } from "./live";
import { Overtaken } from "./overtaken";

const KEY = ["runs", "", ""];
const run = (id: string, seq: number, state: RunSummary["state"] = "running") =>
  ({ id, seq, state, business_key: id }) as RunSummary;

let queries: QueryClient;
let overtaken: Overtaken;

beforeEach(() => {
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  overtaken = new Overtaken(queries);
});
afterEach(() => overtaken.close());

const push = (one: RunSummary) => {
  overtaken.hear(one);
  applyChanges(queries, [one]);
};
const listed = () =>
  queries.getQueryData<InfiniteData<RunList>>(KEY)?.pages.flatMap(page => page.items) ?? [];

/** Reads the list; the answer comes when the test says so. */
function read(): (...items: RunSummary[]) => Promise<unknown> {
  let answer: (page: RunList) => void = () => {};
  const page = new Promise<RunList>(resolve => {
    answer = resolve;
  });
  const reading = queries.fetchInfiniteQuery({ queryKey: KEY, queryFn: () => page, initialPageParam: "" });
  return (...items) => {
    answer({ items, next: null });
    return reading;
  };
}

it("keeps what was pushed while an older list was on its way", async () => {
  await read()(run("run_1", 2));
  const answer = read();
  push(run("run_1", 9, "completed"));
  push(run("run_2", 1));
  await answer(run("run_1", 4));
  expect(listed()).toEqual([run("run_2", 1), run("run_1", 9, "completed")]);
});

it("takes a newer answer, and lets go what the server no longer lists", async () => {
  push(run("run_2", 1));
  await read()(run("run_1", 2));
  push(run("run_1", 3));
  await read()(run("run_1", 8, "faulted"));
  expect(listed()).toEqual([run("run_1", 8, "faulted")]);
});

it("brings a run that is open up to what was pushed during its first read", async () => {
  let answer: (one: RunSummary) => void = () => {};
  const found = new Promise<RunSummary>(resolve => {
    answer = resolve;
  });
  const reading = queries.fetchQuery({ queryKey: ["run", "run_1"], queryFn: () => found });
  push(run("run_1", 5, "waiting"));
  answer(run("run_1", 3));
  await reading;
  expect(queries.getQueryData(["run", "run_1"])).toMatchObject({ seq: 5, state: "waiting" });
});
