import type { JournalLine, RunView } from "../api/queries";
import { hasEnded } from "../runs/live";
import type { TaskState } from "../states/StateMark";
import { type Handed, Handing } from "./handed";
import { MASK } from "./mask";

/** One attempt that came to nothing and is made again, as the journal tells it. */
export interface Retry {
  at: string;
  attempt: number;
  reason: string;
  /** A call is repeated by itself; tasks are tried again because their workflow says so. */
  of: "call" | "tasks";
}

export interface Received {
  at: string;
  source: string;
}

/** One visit of a task: what the journal says in several lines, in one. */
export interface Step {
  kind: "step";
  id: string;
  reference: string;
  name: string;
  state: TaskState;
  startedAt: string;
  /** Null while it is open, and where the journal was not read as far. */
  endedAt: string | null;
  input: Handed;
  output: unknown;
  error: unknown;
  /** The error that the task took in hand; it went on. */
  caught: unknown;
  retries: Retry[];
  received: Received[];
  /** Another connection was asked, since the one of the task is away. */
  rerouted: boolean;
}

/** Something that happened to the run itself. */
export interface Milestone {
  kind: "milestone";
  id: string;
  at: string;
  what:
    | "started"
    | "completed"
    | "faulted"
    | "cancelled"
    | "quarantined"
    | "suspended"
    | "resumed"
    | "retried"
    | "migrated"
    | "compensated";
}

export type Moment = Step | Milestone;

const MILESTONES: Record<string, Milestone["what"]> = {
  "workflow.started": "started",
  "workflow.completed": "completed",
  "workflow.faulted": "faulted",
  "workflow.cancelled": "cancelled",
  "run.quarantined": "quarantined",
  "run.suspended": "suspended",
  "run.resumed": "resumed",
  "run.retried": "retried",
  "run.migrated": "migrated",
};
const ENDS: Record<string, TaskState> = {
  "task.completed": "completed",
  "task.faulted": "faulted",
  "task.cancelled": "cancelled",
};

type Data = Record<string, unknown> | null;

/** Fold the journal: begin and end of a task become one step, with what happened to it meanwhile. */
export function fold(lines: readonly JournalLine[], run: RunView): Moment[] {
  const moments: Moment[] = [];
  const open = new Map<string, Step>();
  const handing = new Handing(run.input);
  const before = new Map<string, Handed>();
  // What a retried run was in when it failed is under way again, with what it had or with what a person gave it.
  let again = false;
  for (const line of lines) {
    again = line.kind === "run.retried" || (again && line.kind === "task.started");
    const what = MILESTONES[line.kind];
    const step = open.get(line.reference);
    if (what) {
      // The first task begins with what the workflow made of the run's input, where it makes something of it.
      const data = line.data as Data;
      const made = data?.input;
      if (made !== undefined) {
        // One that had begun nothing has another input itself, and the journal says which it was.
        if (line.kind === "run.retried" && data?.was === undefined)
          before.set(line.reference, { known: true, value: made });
        else handing.began("", { known: true, value: made });
      }
      moments.push({ kind: "milestone", id: `${line.seq}`, at: line.at, what });
      if (what === "migrated") moved(open, line);
    } else if (line.kind === "task.started" || line.kind === "task.skipped") {
      const given = handing.to(line.reference);
      const begun = begin(line, (again && before.get(line.reference)) || given);
      before.set(line.reference, begun.input);
      moments.push(begun);
      if (line.kind === "task.skipped") continue;
      open.set(line.reference, begun);
      handing.began(line.reference, begun.input);
    } else if (step && ENDS[line.kind]) {
      end(step, line, handing);
      open.delete(line.reference);
    } else if (step) {
      happened(step, line, handing);
    }
  }
  settle([...open.values()], run);
  // Told by no line of its own journal, which ends with the run.
  if (run.compensated_at)
    moments.push({ kind: "milestone", id: "compensated", at: run.compensated_at, what: "compensated" });
  return moments;
}

/** Tasks that are open go on at other places of another version. */
function moved(open: Map<string, Step>, line: JournalLine): void {
  const places = ((line.data as Data)?.moved ?? {}) as Record<string, string>;
  const steps = [...open.values()];
  open.clear();
  for (const step of steps) {
    step.reference = places[step.reference] ?? step.reference;
    open.set(step.reference, step);
  }
}

function begin(line: JournalLine, input: Handed): Step {
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
    caught: null,
    retries: [],
    received: [],
    rerouted: false,
  };
}

function end(step: Step, line: JournalLine, handing: Handing): void {
  const data = line.data as Data;
  step.state = ENDS[line.kind] ?? step.state;
  step.endedAt = line.at;
  step.error = data?.error ?? null;
  if (step.state === "completed") {
    if (data?.skipped === true) step.state = "skipped";
    step.output = data?.output ?? null;
    handing.gave(step.reference, step.output);
  } else {
    handing.left(step.reference);
  }
}

function happened(step: Step, line: JournalLine, handing: Handing): void {
  const data = line.data as Data;
  if (line.kind === "task.retried") {
    const tried = data?.error !== undefined;
    const attempt = Number(data?.attempt ?? step.retries.length + 1);
    const reason = tried ? titleOf(data?.error) : String(data?.reason ?? "");
    step.retries.push({ at: line.at, attempt, reason, of: tried ? "tasks" : "call" });
    if (tried) handing.again(step.reference);
  } else if (line.kind === "task.caught") {
    step.caught = data?.error ?? {};
    handing.again(step.reference);
  } else if (line.kind === "task.rerouted") {
    step.rerouted = true;
  } else if (line.kind === "event.consumed") {
    step.received.push({ at: line.at, source: String(data?.source ?? "") });
  }
}

/** What an error calls itself; empty where it may not be read. */
export function titleOf(error: unknown): string {
  const title = error !== null && typeof error === "object" ? (error as { title?: unknown }).title : null;
  return typeof title === "string" && title !== MASK ? title : "";
}

/** What never ended stands as the run stands: the innermost waits, and nothing goes on in a run that is over. */
function settle(open: readonly Step[], run: RunView): void {
  if (run.state === "completed" || run.state === "faulted" || run.state === "cancelled") {
    for (const step of open) step.state = run.state;
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

/** How often each task was come to. */
export function visits(moments: readonly Moment[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const moment of moments) {
    if (moment.kind === "step") found.set(moment.reference, (found.get(moment.reference) ?? 0) + 1);
  }
  return found;
}

/** The task that the run is at, when it is at one. */
export function current(moments: readonly Moment[], run: RunView): Step | null {
  if (hasEnded(run)) return null;
  const found = moments.findLast(
    one => one.kind === "step" && (one.state === "running" || one.state === "waiting"),
  );
  return found?.kind === "step" ? found : null;
}
