import "@xyflow/react/dist/base.css";
import {
  type BuiltInEdge,
  type Node,
  type NodeHandle,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { GraphNode, Graph as Workflow } from "../api/queries";
import { useTexts } from "../texts/texts";
import { BackEdge, type BackEdgeData } from "./BackEdge";
import classes from "./Graph.module.css";
import { back, fitted, isDrawn, type Layout, NODE, type Size, sizeOf } from "./layout";
import { edgeId, taken } from "./path";
import { latest, type Moment } from "./steps";
import { type TaskData, TaskNode } from "./TaskNode";

interface Props {
  workflow: Workflow;
  moments: readonly Moment[];
  counts: ReadonlyMap<string, number>;
  /** Whether the moments go to the end of what happened. */
  whole: boolean;
  ended: boolean;
  /** Where an error is that is at no step: what came in, or what was to go out. */
  stopped: "start" | "end" | null;
  selected: string | null;
  current: string | null;
  onSelect: (reference: string) => void;
}

const KINDS = { task: TaskNode };
const WAYS = { back: BackEdge };

/** The way of a run through its workflow. Never zoomed; where it is wider than its place, that place scrolls sideways. */
export function Graph(props: Props) {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ workflow, moments, counts, whole, ended, stopped, selected, current, onSelect }: Props) {
  const { texts } = useTexts();
  const { frame, width } = useWidth();
  const layout = useMemo(() => fitted(workflow, width), [workflow, width]);
  const { setViewport } = useReactFlow();
  useEffect(() => {
    void setViewport({ x: Math.max(0, (width - layout.width) / 2), y: 0, zoom: 1 });
  }, [setViewport, width, layout]);
  const nodes = useMemo(() => {
    const steps = latest(moments);
    return workflow.nodes.map((node): Node<TaskData> => {
      const step = steps.get(node.reference) ?? null;
      const size = sizeOf(node.kind, layout.step);
      return {
        id: node.reference,
        type: "task",
        position: layout.places.get(node.reference) ?? { x: 0, y: 0 },
        ...size,
        measured: size,
        handles: handlesOf(size),
        data: {
          node,
          state: node.kind === stopped ? "faulted" : reached(node, step?.state ?? "idle", moments, ended),
          visits: counts.get(node.reference) ?? 0,
          selected: node.reference === selected,
          current: node.reference === current,
          whole,
          narrow: layout.step.width < NODE.width,
          onSelect,
        },
      };
    });
  }, [workflow, layout, moments, counts, whole, ended, stopped, selected, current, onSelect]);
  const edges = useMemo(
    () => drawn(workflow, layout, taken(workflow, moments, ended && whole)),
    [workflow, layout, moments, ended, whole],
  );
  return (
    <div ref={frame} className={classes.frame}>
      <div style={{ width: Math.max(width, Math.ceil(layout.width)), height: Math.ceil(layout.height) }}>
        {width > 0 && (
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={KINDS}
            edgeTypes={WAYS}
            minZoom={1}
            maxZoom={1}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            panOnDrag={false}
            zoomOnScroll={false}
            zoomOnPinch={false}
            zoomOnDoubleClick={false}
            preventScrolling={false}
            proOptions={{ hideAttribution: true }}
            aria-label={texts.graphHint}
          />
        )}
      </div>
    </div>
  );
}

/** Where lines begin and end: given, not measured, so that none is without its ends when a node is made anew. */
function handlesOf({ width, height }: Size): NodeHandle[] {
  const point = { x: width / 2, width: 1, height: 1 };
  return [
    { type: "target", position: Position.Top, ...point, y: 0 },
    { type: "source", position: Position.Bottom, ...point, y: height },
  ];
}

function reached(
  node: GraphNode,
  state: TaskData["state"],
  moments: readonly Moment[],
  ended: boolean,
): TaskData["state"] {
  if (node.kind === "start") return moments.length ? "completed" : "idle";
  if (node.kind === "end") return ended ? "completed" : "idle";
  return state;
}

type Drawn = BuiltInEdge | BackEdgeData;

function drawn(workflow: Workflow, layout: Layout, gone: ReadonlySet<string>): Drawn[] {
  return workflow.edges.flatMap((edge, index): Drawn[] => {
    if (!isDrawn(edge)) return [];
    const id = edgeId(edge, index);
    const solid = gone.has(id);
    const shared = {
      id,
      source: edge.source,
      target: edge.target,
      className: (solid ? classes.taken : classes.faint) ?? "",
      zIndex: solid ? 1 : 0,
      ...(edge.label
        ? {
            label: edge.label.replaceAll("-", " "),
            labelShowBg: true,
            labelBgPadding: [4, 1] as [number, number],
          }
        : {}),
    };
    const points = back(workflow, layout, edge.source, edge.target);
    if (points) return [{ ...shared, type: "back", data: { points } }];
    return [{ ...shared, type: "smoothstep", pathOptions: { offset: 6, borderRadius: 6 } }];
  });
}

function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { frame, width };
}
