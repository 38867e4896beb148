import type { Graph } from "../api/queries";
import type { Moment, Step } from "./steps";

type Edge = Graph["edges"][number];

export const edgeId = (edge: Edge, index: number): string => `${index}:${edge.source}→${edge.target}`;

/** The edges that the run has gone along. Each visit was entered from an earlier one that has an edge to it. */
export function taken(graph: Graph, moments: readonly Moment[], ended: boolean): Set<string> {
  const found = new Set<string>();
  const steps = moments.filter(one => one.kind === "step");
  const visited = ["start"];
  const states = new Map<string, Step["state"]>();
  const enter = (target: string) => {
    const edge = edgeInto(graph, visited, states, target);
    if (edge) found.add(edge);
    visited.push(target);
  };
  for (const step of steps) {
    enter(step.reference);
    states.set(step.reference, step.state);
  }
  if (ended && steps.length > 0) enter("end");
  return found;
}

/** From the most recent visit that leads there; of parallel edges the one that fits how that visit ended. */
function edgeInto(
  graph: Graph,
  visited: readonly string[],
  states: ReadonlyMap<string, Step["state"]>,
  target: string,
): string | null {
  for (let index = visited.length - 1; index >= 0; index -= 1) {
    const source = visited[index];
    const candidates = graph.edges
      .map((edge, place) => ({ edge, id: edgeId(edge, place) }))
      .filter(({ edge }) => edge.source === source && edge.target === target && edge.kind !== "fault");
    const state = states.get(source ?? "");
    const skipped = state === "skipped";
    const best = candidates.find(({ edge }) => (edge.kind === "skipped") === skipped);
    const chosen = best ?? candidates[0];
    if (chosen) return chosen.id;
  }
  return null;
}
