import { describe, expect, it } from "vitest";
import type { Graph, JournalLine, RunView } from "../api/queries";
import { edgeId, taken } from "./path";
import { lined } from "./rounds";
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
    expect(latest(moments).get("/do/0/a")?.input.value).toEqual({ number: "1" });
    expect(latest(moments).get("/do/2/c")?.input.value).toEqual({ total: 2 });
    expect(current(moments, run("running"))?.reference).toBe("/do/2/c");
  });

  it("tells last that another run undoes what it did, which no line of its own journal tells", () => {
    const undone = { ...run("faulted"), compensated_at: "2026-01-02T00:00:00Z" };
    const told = fold(lines(["workflow.started", ""], ["workflow.faulted", "", { error: {} }]), undone);
    expect(told.at(-1)).toMatchObject({ what: "compensated", at: "2026-01-02T00:00:00Z" });
    expect(fold(lines(["workflow.started", ""]), run("running")).some(one => one.id === "compensated")).toBe(
      false,
    );
  });

  it("hands to the first task what the workflow made of its input", () => {
    const begun = ["workflow.started", "", { input: "1" }] as const;
    const moments = fold(lines([...begun], ["task.started", "/do/0/a"]), run("running"));
    expect(latest(moments).get("/do/0/a")?.input).toEqual({ known: true, value: "1" });
  });

  it("tells what people did, and goes on with what they gave", () => {
    const moments = fold(
      lines(
        ["task.started", "/do/0/a"],
        ["run.suspended", "", { actor: "key:k" }],
        ["run.resumed", "", { actor: "key:k" }],
        ["task.completed", "/do/0/a", { output: 1 }],
        ["task.started", "/do/1/t"],
        ["task.started", "/do/1/t/do/0/b"],
        ["task.faulted", "/do/1/t/do/0/b", { error: {} }],
        ["task.faulted", "/do/1/t", { error: {} }],
        ["workflow.faulted", "", { error: {} }],
        ["run.retried", "/do/1/t/do/0/b", { actor: "key:k", input: 2 }],
        ["task.started", "/do/1/t"],
        ["task.started", "/do/1/t/do/0/b"],
      ),
      run("running"),
    );
    const told = moments.filter(one => one.kind === "milestone").map(one => one.what);
    expect(told).toEqual(["suspended", "resumed", "faulted", "retried"]);
    expect(latest(moments).get("/do/1/t")).toMatchObject({
      state: "running",
      input: { known: true, value: 1 },
    });
    expect(latest(moments).get("/do/1/t/do/0/b")?.input).toEqual({ known: true, value: 2 });
  });

  it("follows a task to its place in another version", () => {
    const moments = fold(
      lines(
        ["task.started", "/do/0/a"],
        ["run.migrated", "", { moved: { "/do/0/a": "/do/1/a" } }],
        ["task.completed", "/do/1/a", { output: 1 }],
      ),
      run("completed"),
    );
    expect(moments.map(one => (one.kind === "step" ? one.state : one.what))).toEqual([
      "completed",
      "migrated",
    ]);
  });

  it("counts visits and keeps the attempts of each", () => {
    const moments = fold(
      lines(
        ["task.started", "/do/0/a"],
        ["task.retried", "/do/0/a", { attempt: 1, reason: "busy" }],
        ["task.rerouted", "/do/0/a", { via: "con_1" }],
        ["task.completed", "/do/0/a", { output: 1 }],
        ["task.started", "/do/0/a"],
      ),
      run("waiting"),
    );
    expect(visits(moments).get("/do/0/a")).toBe(2);
    expect(moments[0]).toMatchObject({ state: "completed", retries: [{ attempt: 1, reason: "busy" }] });
    expect(moments[0]).toMatchObject({ rerouted: true });
    expect(moments[1]).toMatchObject({ state: "waiting", retries: [], rerouted: false });
  });

  it("leaves nothing going on in a run that a person ended", () => {
    const moments = fold(lines(["task.started", "/do/0/a"], ["workflow.cancelled", ""]), run("cancelled"));
    expect(moments[0]).toMatchObject({ state: "cancelled" });
    expect(current(moments, run("cancelled"))).toBeNull();
  });

  it("shows steps also to those who may not read their data", () => {
    const moments = fold(lines(["task.started", "/do/0/a"], ["task.completed", "/do/0/a"]), run("running"));
    expect(moments[0]).toMatchObject({ state: "completed", output: null });
  });
});

describe("tasks within tasks", () => {
  const given = (moments: ReturnType<typeof fold>, reference: string) =>
    latest(moments).get(reference)?.input;
  const known = (value: unknown) => ({ known: true, value });

  it("gives each branch what the fork was given, and what follows what the fork gave", () => {
    const moments = fold(
      lines(
        ["task.started", "/do/0/f"],
        ["task.started", "/do/0/f/fork/branches/0/x"],
        ["task.started", "/do/0/f/fork/branches/1/y"],
        ["task.completed", "/do/0/f/fork/branches/0/x", { output: "x" }],
        ["task.started", "/do/0/f/fork/branches/1/y/do/0/z"],
        ["task.completed", "/do/0/f/fork/branches/1/y/do/0/z", { output: "z" }],
        ["task.started", "/do/0/f/fork/branches/1/y/do/1/w"],
        ["task.completed", "/do/0/f/fork/branches/1/y/do/1/w", { output: "w" }],
        ["task.completed", "/do/0/f/fork/branches/1/y", { output: "w" }],
        ["task.completed", "/do/0/f", { output: ["x", "w"] }],
        ["task.started", "/do/1/after"],
      ),
      run("running"),
    );
    expect(given(moments, "/do/0/f/fork/branches/1/y")).toEqual(known({ number: "1" }));
    expect(given(moments, "/do/0/f/fork/branches/1/y/do/0/z")).toEqual(known({ number: "1" }));
    expect(given(moments, "/do/0/f/fork/branches/1/y/do/1/w")).toEqual(known("z"));
    expect(given(moments, "/do/1/after")).toEqual(known(["x", "w"]));
    const names = lined(moments).map(line =>
      line.kind === "rounds" ? `${line.depth}${line.latest.name}` : "",
    );
    expect(names).toEqual(["0f", "1x", "1y", "2z", "2w", "0after"]);
  });

  it("folds the rounds of a loop into one line, and hands each what the one before gave", () => {
    const round = (output: number): [string, string, unknown?][] => [
      ["task.started", "/do/0/each/do/0/a"],
      ["task.completed", "/do/0/each/do/0/a", { output }],
    ];
    const moments = fold(
      lines(["task.started", "/do/0/each"], ...round(1), ...round(2), ...round(3)),
      run("running"),
    );
    expect(given(moments, "/do/0/each/do/0/a")).toEqual(known(2));
    const [loop, inside, ...more] = lined(moments);
    expect(loop).toMatchObject({ visits: 1, depth: 0, endedAt: null });
    expect(inside).toMatchObject({ visits: 3, depth: 1, latest: { output: 3 } });
    expect(more).toEqual([]);
  });

  it("tells what a try does about an error, which begins with what the try was given", () => {
    const error = { title: "Busy" };
    const moments = fold(
      lines(
        ["task.started", "/do/0/t"],
        ["task.started", "/do/0/t/try/0/a"],
        ["task.completed", "/do/0/t/try/0/a", { output: 1 }],
        ["task.started", "/do/0/t/try/1/b"],
        ["task.faulted", "/do/0/t/try/1/b", { error }],
        ["task.retried", "/do/0/t", { error }],
        ["task.started", "/do/0/t/try/0/a"],
        ["task.faulted", "/do/0/t/try/0/a", { error }],
        ["task.caught", "/do/0/t", { error }],
        ["task.started", "/do/0/t/catch/do/0/c"],
      ),
      run("running"),
    );
    for (const inner of ["try/0/a", "catch/do/0/c"]) {
      expect(given(moments, `/do/0/t/${inner}`)).toEqual(known({ number: "1" }));
    }
    expect(latest(moments).get("/do/0/t")).toMatchObject({
      caught: error,
      retries: [{ attempt: 1, reason: "Busy", of: "tasks" }],
    });
  });

  it("does not make up what a nested workflow was given", () => {
    const moments = fold(
      lines(["task.started", "/do/0/r"], ["task.started", "/do/0/r/run/workflow/do/0/x"]),
      run("running"),
    );
    expect(given(moments, "/do/0/r/run/workflow/do/0/x")?.known).toBe(false);
  });

  it("marks what lost and which events came", () => {
    const moments = fold(
      lines(
        ["task.started", "/do/0/l"],
        ["event.consumed", "/do/0/l", { id: "1", source: "/shop" }],
        ["task.cancelled", "/do/0/l"],
      ),
      run("running"),
    );
    expect(moments[0]).toMatchObject({ state: "cancelled", received: [{ source: "/shop" }] });
  });

  it.each(["completed", "faulted", "cancelled"] as const)(
    "leaves nothing going on in a run that is %s",
    state => {
      const moments = fold(
        lines(["task.started", "/do/0/a"], ["task.started", "/do/0/a/do/0/b"]),
        run(state),
      );
      expect(moments.every(one => one.kind === "step" && one.state === state)).toBe(true);
    },
  );
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
