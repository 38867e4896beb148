import { type Node as FlowNode, Handle, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import type { GraphNode } from "../api/queries";
import { useInView } from "../display/inView";
import { human } from "../display/names";
import { StateIcon, type TaskState } from "../states/StateMark";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./TaskNode.module.css";

export interface TaskData extends Record<string, unknown> {
  node: GraphNode;
  state: TaskState;
  visits: number;
  /** Whether the visits are all that there were. */
  whole: boolean;
  selected: boolean;
  current: boolean;
  narrow: boolean;
  onSelect: (reference: string) => void;
}

export const TaskNode = memo(function TaskNode({ data }: NodeProps<FlowNode<TaskData>>) {
  const { node } = data;
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      {node.kind === "start" || node.kind === "end" ? <End {...data} /> : <Task {...data} />}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
});

function End({ node, state }: TaskData) {
  const { texts } = useTexts();
  return (
    <div className={classes.end} data-state={state}>
      {state === "faulted" && <StateIcon state={state} word={texts.taskStates[state]} />}
      {node.kind === "start" ? texts.startNode : texts.endNode}
    </div>
  );
}

/** What is called, and why a check refused; of other tasks the kind says enough here, the panel says the rest. */
function subtitle({ kind, detail }: GraphNode, state: TaskState, texts: Texts): string {
  const tells = kind === "call" || (kind === "raise" && state === "faulted");
  return (tells ? detail : null) ?? texts.kinds[kind];
}

function Task({ node, state, visits, whole, selected, current, narrow, onSelect }: TaskData) {
  const { texts, language } = useTexts();
  const button = useInView<HTMLButtonElement>(selected);
  return (
    <button
      ref={button}
      type="button"
      className={classes.task}
      data-narrow={narrow || undefined}
      data-state={state}
      data-selected={selected || undefined}
      data-current={current || undefined}
      aria-pressed={selected}
      onClick={() => onSelect(node.reference)}
    >
      <StateIcon state={state} word={texts.taskStates[state]} />
      <span className={classes.words}>
        <span className={classes.title} title={node.title || human(node.name)}>
          {node.title || human(node.name)}
        </span>
        <span className={classes.detail}>{subtitle(node, state, texts)}</span>
      </span>
      {visits > 1 && (
        <span className={classes.count}>
          ×{new Intl.NumberFormat(language).format(visits)}
          {!whole && "+"}
        </span>
      )}
    </button>
  );
}
