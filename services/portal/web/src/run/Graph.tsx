import "@xyflow/react/dist/base.css";
import { type BuiltInEdge, type Node, ReactFlow, ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { GraphNode, Graph as Workflow } from "../api/queries";
import { useTexts } from "../texts/texts";
import classes from "./Graph.module.css";
import { fitted, NODE, sizeOf } from "./layout";
import { edgeId, taken } from "./path";
import { latest, type Moment, visits } from "./steps";
import { type TaskData, TaskNode } from "./TaskNode";

interface Props {
  workflow: Workflow;
  moments: readonly Moment[];
  ended: boolean;
  selected: string | null;
  current: string | null;
  onSelect: (reference: string) => void;
}

const KINDS = { task: TaskNode };

/** The way of a run through its workflow. Never zoomed; where it is wider than its place, that place scrolls sideways. */
export function Graph(props: Props) {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ workflow, moments, ended, selected, current, onSelect }: Props) {
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
      return {
        id: node.reference,
        type: "task",
        position: layout.places.get(node.reference) ?? { x: 0, y: 0 },
        ...sizeOf(node.kind, layout.step),
        data: {
          node,
          state: reached(node, step?.state ?? "idle", moments, ended),
          visits: visits(moments, node.reference),
          selected: node.reference === selected,
          current: node.reference === current,
          narrow: layout.step.width < NODE.width,
          onSelect,
        },
      };
    });
  }, [workflow, layout, moments, ended, selected, current, onSelect]);
  const edges = useMemo(() => drawn(workflow, moments, ended), [workflow, moments, ended]);
  return (
    <div ref={frame} className={classes.frame}>
      <div style={{ width: Math.max(width, Math.ceil(layout.width)), height: Math.ceil(layout.height) }}>
        {width > 0 && (
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={KINDS}
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

function drawn(workflow: Workflow, moments: readonly Moment[], ended: boolean): BuiltInEdge[] {
  const gone = taken(workflow, moments, ended);
  return workflow.edges.flatMap((edge, index): BuiltInEdge[] => {
    const id = edgeId(edge, index);
    // The way into an error is no way through: the step itself stands in red.
    if (edge.kind === "fault") return [];
    const solid = gone.has(id);
    return [
      {
        id,
        source: edge.source,
        target: edge.target,
        type: "smoothstep",
        pathOptions: { offset: 6, borderRadius: 6 },
        className: (solid ? classes.taken : classes.faint) ?? "",
        zIndex: solid ? 1 : 0,
        ...(edge.label
          ? {
              label: edge.label.replaceAll("-", " "),
              labelShowBg: true,
              labelBgPadding: [4, 1] as [number, number],
            }
          : {}),
      },
    ];
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
