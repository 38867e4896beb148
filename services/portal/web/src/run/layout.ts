import { Graph as Layered, layout } from "@dagrejs/dagre";
import type { Graph } from "../api/queries";

export const NODE = { width: 200, height: 44 };
export const END = { width: 132, height: 28 };
const ROW = 24;
const COLUMN = 16;
const MARGIN = 8;

export interface Place {
  x: number;
  y: number;
}

export interface Layout {
  places: Map<string, Place>;
  width: number;
  height: number;
}

export const sizeOf = (kind: string): { width: number; height: number } =>
  kind === "start" || kind === "end" ? END : NODE;

/** Layered, from top to bottom. Ways that only an error takes do not shape it. */
export function arrange(graph: Graph): Layout {
  const drawing = new Layered({ multigraph: true });
  drawing.setGraph({ rankdir: "TB", nodesep: COLUMN, ranksep: ROW, marginx: MARGIN, marginy: MARGIN });
  drawing.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) drawing.setNode(node.reference, { ...sizeOf(node.kind) });
  graph.edges.forEach((edge, index) => {
    if (edge.kind !== "fault") {
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
    const size = sizeOf(node.kind);
    places.set(node.reference, { x: found.x - size.width / 2, y: found.y - size.height / 2 });
  }
  const { width = 0, height = 0 } = drawing.graph();
  return { places, width, height };
}
