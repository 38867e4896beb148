import { expect, it } from "vitest";
import type { Graph } from "../api/queries";
import { fitted, NODE } from "./layout";

const node = (reference: string, kind = "call") =>
  ({ reference, kind, name: reference }) as Graph["nodes"][number];
const edge = (source: string, target: string) =>
  ({ source, target, kind: "next", label: null }) as Graph["edges"][number];

const fork = {
  nodes: [node("start", "start"), node("a"), node("b"), node("c"), node("end", "end")],
  edges: [edge("start", "a"), edge("a", "b"), edge("a", "c"), edge("b", "end"), edge("c", "end")],
} as Graph;

it("keeps its natural size where there is room for it", () => {
  const { step, width } = fitted(fork, 800);
  expect(step).toEqual(NODE);
  expect(width).toBeGreaterThan(2 * NODE.width);
});

it("narrows its boxes on a phone, and gives their words a second line instead of a smaller size", () => {
  const { step, width } = fitted(fork, 374);
  expect(width).toBeLessThanOrEqual(374);
  expect(step.width).toBeLessThan(NODE.width);
  expect(step.height).toBeGreaterThan(NODE.height);
});

it("is wider than its place where boxes would hold no words", () => {
  expect(fitted(fork, 200).width).toBeGreaterThan(200);
});
