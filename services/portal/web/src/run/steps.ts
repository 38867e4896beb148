import type { JournalLine, RunView } from "../api/queries";
import type { TaskState } from "../states/StateMark";

/** One call of a task that has to be repeated, as the journal tells it. */
export interface Retry {
  at: string;
  attempt: number;
  reason: string;
}

/** One visit of a task: what the journal says in several lines, in one. */
export interface Step {
  kind: "step";
  id: string;
  reference: string;
  name: string;
  state: TaskState;
  startedAt: string;
  endedAt: string | null;
  input: unknown;
  output: unknown;
  error: unknown;
  retries: Retry[];
}

/** Something that happened to the run itself. */
export interface Milestone {
  kind: "milestone";
  id: string;
  at: string;
  what: "started" | "completed" | "faulted" | "cancelled" | "quarantined" | "resumed";
}

export type Moment = Step | Milestone;

const MILESTONES: Record<string, Milestone["what"]> = {
  "workflow.started": "started",
  "workflow.completed": "completed",
  "workflow.faulted": "faulted",
  "workflow.cancelled": "cancelled",
  "run.quarantined": "quarantined",
  "run.resumed": "resumed",
};
const ENDS: Record<string, TaskState> = {
  "task.completed": "completed",
  "task.faulted": "faulted",
};

type Data = Record<string, unknown> | null;

/** Fold the journal: begin and end of a task become one step, repeated calls its retries. */
export function fold(lines: readonly JournalLine[], run: RunView): Moment[] {
  const moments: Moment[] = [];
  const open = new Map<string, Step>();
  let handed: unknown = run.input;
  for (const line of lines) {
    const data = line.data as Data;
    const what = MILESTONES[line.kind];
    const end = ENDS[line.kind];
    const step = open.get(line.reference);
    if (what) {
      moments.push({ kind: "milestone", id: `${line.seq}`, at: line.at, what });
    } else if (line.kind === "task.started" || line.kind === "task.skipped") {
      const begun = begin(line, handed);
      moments.push(begun);
      if (line.kind === "task.started") open.set(line.reference, begun);
    } else if (end && step) {
      step.state = end;
      step.endedAt = line.at;
      step.error = data?.error ?? null;
      if (end === "completed") {
        step.output = data?.output ?? null;
        handed = step.output;
      }
      open.delete(line.reference);
    } else if (line.kind === "task.retried" && step) {
      step.retries.push({
        at: line.at,
        attempt: Number(data?.attempt ?? 0),
        reason: String(data?.reason ?? ""),
      });
    }
  }
  settle([...open.values()], run);
  return moments;
}

function begin(line: JournalLine, input: unknown): Step {
  const skipped = line.kind === "task.skipped";
  return {
    kind: "step",
    id: `${line.seq}`,
    reference: line.reference,
    name: line.name,
    state: skipped ? "skipped" : "running",
    startedAt: line.at,
    endedAt: skipped ? line.at : null,
    input,
    output: null,
    error: null,
    retries: [],
  };
}

/** What never ended stands as the run stands: the innermost waits, and nothing goes on in a run that is over. */
function settle(open: readonly Step[], run: RunView): void {
  for (const step of open) {
    if (run.state === "cancelled") step.state = "cancelled";
    else if (run.state === "faulted") step.state = "faulted";
  }
  const last = open.at(-1);
  if (last && (run.state === "waiting" || run.state === "suspended")) last.state = "waiting";
}

/** The latest visit of each task. */
export function latest(moments: readonly Moment[]): Map<string, Step> {
  const found = new Map<string, Step>();
  for (const moment of moments) if (moment.kind === "step") found.set(moment.reference, moment);
  return found;
}

export function visits(moments: readonly Moment[], reference: string): number {
  return moments.filter(moment => moment.kind === "step" && moment.reference === reference).length;
}

/** The task that the run is at, when it is at one. */
export function current(moments: readonly Moment[]): Step | null {
  const found = moments.findLast(
    one => one.kind === "step" && (one.state === "running" || one.state === "waiting"),
  );
  return found?.kind === "step" ? found : null;
}
