import type { Graph } from "../api/queries";
import type { Moment, Step } from "./steps";

type Edge = Graph["edges"][number];
interface Way {
  edge: Edge;
  id: string;
}

export const edgeId = (edge: Edge, index: number): string => `${index}:${edge.source}→${edge.target}`;

/** The edges that the run has gone along. Each visit was entered from an earlier one that has an edge to it. */
export function taken(graph: Graph, moments: readonly Moment[], ended: boolean): Set<string> {
  const walk = new Walk(graph);
  const steps = moments.filter(one => one.kind === "step");
  for (const step of steps) {
    walk.enter(step.reference);
    walk.visit(step);
  }
  if (ended && steps.length > 0) walk.enter("end");
  return walk.found;
}

class Walk {
  readonly found = new Set<string>();
  private readonly into = new Map<string, Way[]>();
  /** The latest visit of each task, the most recent last. */
  private readonly visited = new Map<string, Step | null>([["start", null]]);

  constructor(graph: Graph) {
    graph.edges.forEach((edge, index) => {
      const ways = this.into.get(edge.target) ?? [];
      ways.push({ edge, id: edgeId(edge, index) });
      this.into.set(edge.target, ways);
    });
  }

  visit(step: Step): void {
    // Taken out first: the map keeps its order of entry.
    this.visited.delete(step.reference);
    this.visited.set(step.reference, step);
  }

  /** From the most recent visit that leads there. What follows a fork was entered from each of its branches. */
  enter(target: string): void {
    const ways = this.into.get(target) ?? [];
    const sources = new Set(ways.map(one => one.edge.source));
    const recent = [...this.visited.keys()].reverse().filter(one => sources.has(one));
    let fork: string | null = null;
    const strands = new Set<string>();
    for (const source of recent) {
      const way = this.best(ways, source);
      if (!way || (fork !== null && !source.startsWith(fork)) || strands.has(strandOf(source))) continue;
      if (strands.size === 0) fork = forkLeft(source, target);
      this.found.add(way.id);
      strands.add(strandOf(source));
      if (fork === null) return;
    }
  }

  /** Of parallel edges the one that fits how the visit ended. */
  private best(ways: readonly Way[], source: string): Way | undefined {
    const from = ways.filter(one => one.edge.source === source);
    const step = this.visited.get(source) ?? null;
    const plain = from.find(({ edge }) => !["fault", "caught", "skipped"].includes(edge.kind));
    const caught = from.find(({ edge }) => edge.kind === "caught");
    if (step === null) return plain;
    // What is inside of a task was entered from it, however that ended.
    if (ways[0]?.edge.target.startsWith(`${source}/`)) return (step.caught !== null && caught) || plain;
    if (step.state === "skipped") return from.find(({ edge }) => edge.kind === "skipped") ?? plain;
    if (step.state === "faulted") return caught;
    if (step.state === "cancelled") return undefined;
    return (step.caught !== null && caught) || plain;
  }
}

const BRANCH = /\/fork\/branches\/\d+(?=\/)/g;

/** The innermost branch of a fork that a task is in; empty outside of any. */
function strandOf(reference: string): string {
  const last = [...reference.matchAll(BRANCH)].at(-1);
  return last ? reference.slice(0, last.index + last[0].length) : "";
}

/** The outermost fork that control leaves on its way, up to its branches; null where it leaves none. */
function forkLeft(source: string, target: string): string | null {
  for (const { index, 0: branch } of source.matchAll(BRANCH)) {
    const end = index + branch.length + 1;
    if (!target.startsWith(source.slice(0, end))) {
      return source.slice(0, index + "/fork/branches/".length);
    }
  }
  return null;
}
