import { Graph as Layered, layout } from "@dagrejs/dagre";
import type { Graph } from "../api/queries";

/** A step's box. Where there is less room it becomes narrower, down to where two lines no longer hold its title. */
export const NODE = { width: 228, height: 44 };
const LEAST = 140;
const NARROW_HEIGHT = 62;
export const END = { width: 132, height: 28 };
const ROW = 24;
const COLUMN = 16;
const MARGIN = 8;
/** Room beside the steps for a way back up. */
const LANE = 12;

export interface Place {
  x: number;
  y: number;
}

export interface Layout {
  places: Map<string, Place>;
  step: Size;
  width: number;
  height: number;
}

export type Size = typeof NODE;

export const sizeOf = (kind: string, step: Size): Size => (kind === "start" || kind === "end" ? END : step);

/**
 * Layered, from top to bottom, in the room there is (in pixels; 0 for any). Nothing is made smaller by zooming, as its
 * words have the smallest size already: boxes become narrower and hold two lines; what is wider still is scrolled.
 */
export function fitted(graph: Graph, room: number): Layout {
  const natural = arrange(graph, NODE);
  if (room === 0 || natural.width <= room) return natural;
  const columns = Math.max(1, Math.round((natural.width - 2 * MARGIN + COLUMN) / (NODE.width + COLUMN)));
  const share = (room - 2 * MARGIN - (columns - 1) * COLUMN) / columns;
  const width = Math.max(LEAST, Math.min(NODE.width, Math.floor(share)));
  return arrange(graph, { width, height: NARROW_HEIGHT });
}

/** Ways that only an error takes are not drawn, nor rounds of one step: its count tells them. */
export const isDrawn = ({ kind, source, target }: Graph["edges"][number]): boolean =>
  kind !== "fault" && source !== target;

/** Corners of a way that leads back up, on the right of all that it passes; null for one that leads down. */
export function back(
  graph: Graph,
  { places, step }: Layout,
  source: string,
  target: string,
): Corner[] | null {
  const from = places.get(source);
  const to = places.get(target);
  if (!from || !to || from.y <= to.y) return null;
  let right = 0;
  for (const node of graph.nodes) {
    const place = places.get(node.reference);
    if (place && place.y >= to.y && place.y <= from.y) {
      right = Math.max(right, place.x + sizeOf(node.kind, step).width);
    }
  }
  const x = right + LANE;
  const end = (place: Place): Corner => [place.x + step.width, place.y + step.height / 2];
  return [end(from), [x, end(from)[1]], [x, end(to)[1]], end(to)];
}

export type Corner = [number, number];

function arrange(graph: Graph, step: Size): Layout {
  const drawing = new Layered({ multigraph: true });
  drawing.setGraph({ rankdir: "TB", nodesep: COLUMN, ranksep: ROW, marginx: MARGIN, marginy: MARGIN });
  drawing.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) drawing.setNode(node.reference, { ...sizeOf(node.kind, step) });
  graph.edges.forEach((edge, index) => {
    if (isDrawn(edge) && edge.kind !== "again") {
      const room = edge.label ? { width: 8, height: 12, labelpos: "c" } : {};
      // A way to the end may be as long as it likes: what follows a decision stands right under it.
      const weight = edge.target === "end" ? 1 : 20;
      drawing.setEdge(edge.source, edge.target, { ...room, weight }, String(index));
    }
  });
  layout(drawing);
  const places = new Map<string, Place>();
  for (const node of graph.nodes) {
    const found = drawing.node(node.reference);
    const size = sizeOf(node.kind, step);
    places.set(node.reference, { x: found.x - size.width / 2, y: found.y - size.height / 2 });
  }
  const { width = 0, height = 0 } = drawing.graph();
  const found = { places, step, width, height };
  const turns = graph.edges.some(edge => isDrawn(edge) && back(graph, found, edge.source, edge.target));
  return turns ? { ...found, width: width + LANE } : found;
}
