import { describe, expect, it } from "vitest";
import type { Graph, JournalLine, RunView } from "../api/queries";
import { edgeId, taken } from "./path";
import { current, fold, latest, visits } from "./steps";

const run = (state: RunView["state"]) => ({ state, input: { number: "1" } }) as RunView;

function lines(...kinds: [string, string, unknown?][]): JournalLine[] {
  return kinds.map(([kind, reference, data = null], seq) => ({
    seq,
    at: `2026-01-15T09:00:0${seq % 10}.000Z`,
    kind,
    reference,
    name: reference.split("/").at(-1) ?? "",
    data,
  }));
}

describe("the journal as steps", () => {
  it("makes one step of begin and end, and hands each output to the next", () => {
    const moments = fold(
      lines(
        ["workflow.started", ""],
        ["task.started", "/do/0/a"],
        ["task.completed", "/do/0/a", { output: { total: 2 } }],
        ["task.skipped", "/do/1/b"],
        ["task.started", "/do/2/c"],
      ),
      run("running"),
    );
    expect(moments.map(one => (one.kind === "step" ? one.state : one.what))).toEqual([
      "started",
      "completed",
      "skipped",
      "running",
    ]);
    expect(latest(moments).get("/do/0/a")?.input).toEqual({ number: "1" });
    expect(latest(moments).get("/do/2/c")?.input).toEqual({ total: 2 });
    expect(current(moments)?.reference).toBe("/do/2/c");
  });

  it("counts visits and keeps the attempts of each", () => {
    const moments = fold(
      lines(
        ["task.started", "/do/0/a"],
        ["task.retried", "/do/0/a", { attempt: 1, reason: "busy" }],
        ["task.completed", "/do/0/a", { output: 1 }],
        ["task.started", "/do/0/a"],
      ),
      run("waiting"),
    );
    expect(visits(moments, "/do/0/a")).toBe(2);
    expect(moments[0]).toMatchObject({ state: "completed", retries: [{ attempt: 1, reason: "busy" }] });
    expect(moments[1]).toMatchObject({ state: "waiting", retries: [] });
  });

  it("leaves nothing going on in a run that a person ended", () => {
    const moments = fold(lines(["task.started", "/do/0/a"], ["workflow.cancelled", ""]), run("cancelled"));
    expect(moments[0]).toMatchObject({ state: "cancelled" });
    expect(current(moments)).toBeNull();
  });

  it("shows steps also to those who may not read their data", () => {
    const moments = fold(lines(["task.started", "/do/0/a"], ["task.completed", "/do/0/a"]), run("running"));
    expect(moments[0]).toMatchObject({ state: "completed", output: null });
  });
});

describe("the way through the graph", () => {
  const edges = [
    { source: "start", target: "/do/0/a", kind: "next", label: null },
    { source: "/do/0/a", target: "/do/1/b", kind: "next", label: null },
    { source: "/do/0/a", target: "/do/1/b", kind: "skipped", label: null },
    { source: "/do/0/a", target: "end", kind: "fault", label: null },
    { source: "/do/1/b", target: "/do/0/a", kind: "case", label: "again" },
    { source: "/do/1/b", target: "end", kind: "default", label: null },
  ] as Graph["edges"];
  const graph = { edges } as Graph;
  const ways = (found: Set<string>) => edges.map((edge, index) => found.has(edgeId(edge, index)));

  it("follows what was entered from where, and comes to the end only when the run did", () => {
    const moments = fold(
      lines(
        ["task.started", "/do/0/a"],
        ["task.completed", "/do/0/a", { output: 1 }],
        ["task.started", "/do/1/b"],
        ["task.completed", "/do/1/b", { output: 1 }],
      ),
      run("running"),
    );
    expect(ways(taken(graph, moments, false))).toEqual([true, true, false, false, false, false]);
    expect(ways(taken(graph, moments, true))).toEqual([true, true, false, false, false, true]);
  });

  it("takes the way of a skipped task", () => {
    const moments = fold(lines(["task.skipped", "/do/0/a"], ["task.started", "/do/1/b"]), run("running"));
    expect(ways(taken(graph, moments, false))).toEqual([true, false, true, false, false, false]);
  });
});
