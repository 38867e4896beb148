import { expect, it } from "vitest";
import type { Graph } from "../api/queries";
import { edgeId, taken } from "./path";
import type { Step } from "./steps";

type Visit = [string, Step["state"]?, Partial<Step>?];

const step = ([reference, state = "completed", more = {}]: Visit) =>
  ({ kind: "step", reference, state, caught: null, ...more }) as Step;

/** Which of the edges, written as "source > target kind", were gone along. */
function gone(edges: readonly string[], visits: readonly Visit[], ended = true): string[] {
  const graph = {
    edges: edges.map(edge => {
      const [source, , target, kind = "next"] = edge.split(" ");
      return { source, target, kind, label: null };
    }),
  } as unknown as Graph;
  const found = taken(graph, visits.map(step), ended);
  return edges.filter((_, index) => {
    const edge = graph.edges[index];
    return edge && found.has(edgeId(edge, index));
  });
}

const F = "/do/0/f";
const B = `${F}/fork/branches`;
const FORK = [
  `start > ${F}`,
  `${F} > ${B}/0/a branch`,
  `${F} > ${B}/1/b branch`,
  `${B}/1/b > ${B}/1/b/do/0/c`,
  `${B}/0/a > /do/1/g`,
  `${B}/1/b/do/0/c > /do/1/g`,
  "/do/1/g > end",
];

it("comes from every branch of a fork to what follows it", () => {
  const visits: Visit[] = [[F], [`${B}/0/a`], [`${B}/1/b`], [`${B}/1/b/do/0/c`], ["/do/1/g"]];
  expect(gone(FORK, visits)).toEqual(FORK);
});

it("comes from the winner alone where branches competed", () => {
  const visits: Visit[] = [
    [F],
    [`${B}/0/a`],
    [`${B}/1/b`, "cancelled"],
    [`${B}/1/b/do/0/c`, "cancelled"],
    ["/do/1/g"],
  ];
  expect(gone(FORK, visits)).toEqual(FORK.filter(edge => !edge.startsWith(`${B}/1/b/do/0/c`)));
});

it("comes from every branch to the end", () => {
  const edges = [
    `start > ${F}`,
    `${F} > ${B}/0/a branch`,
    `${F} > ${B}/1/b branch`,
    `${B}/0/a > end`,
    `${B}/1/b > end`,
  ];
  expect(gone(edges, [[F], [`${B}/1/b`], [`${B}/0/a`]])).toEqual(edges);
});

const TRY = [
  "start > /do/0/t",
  "/do/0/t > /do/0/t/try/0/a",
  "/do/0/t/try/0/a > /do/1/g",
  "/do/0/t > /do/0/t/catch/do/0/c caught",
  "/do/0/t/catch/do/0/c > /do/1/g",
];

it("goes from a try to what it does about an error, and not from the step that failed", () => {
  const caught = { caught: { title: "Busy" } };
  const visits: Visit[] = [
    ["/do/0/t", "completed", caught],
    ["/do/0/t/try/0/a", "faulted"],
    ["/do/0/t/catch/do/0/c"],
    ["/do/1/g"],
  ];
  expect(gone(TRY, visits, false)).toEqual(TRY.filter(edge => edge !== TRY[2]));
  expect(gone(TRY, [["/do/0/t"], ["/do/0/t/try/0/a"], ["/do/1/g"]], false)).toEqual(TRY.slice(0, 3));
});

it("goes round a loop and on", () => {
  const edges = [
    "start > /do/0/e",
    "/do/0/e > /do/0/e/do/0/a",
    "/do/0/e > end",
    "/do/0/e/do/0/a > /do/0/e/do/1/b",
    "/do/0/e/do/1/b > end",
    "/do/0/e/do/1/b > /do/0/e/do/0/a again",
  ];
  const round: Visit[] = [["/do/0/e/do/0/a"], ["/do/0/e/do/1/b"]];
  expect(gone(edges, [["/do/0/e"], ...round, ...round])).toEqual(edges.filter(edge => edge !== edges[2]));
  expect(gone(edges, [["/do/0/e"]])).toEqual([edges[0], edges[2]]);
});
