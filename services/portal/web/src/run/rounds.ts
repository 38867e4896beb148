import type { Milestone, Step } from "./steps";

/** A task with all its visits: what a loop or a new attempt comes to again stands once, with a count. */
export interface Rounds {
  kind: "rounds";
  id: string;
  latest: Step;
  visits: number;
  /** From the begin of the first visit to the end of the latest; null while it is open. */
  startedAt: string;
  endedAt: string | null;
  /** Tasks around it that the run has come to. */
  depth: number;
}

export type Line = Rounds | Milestone;

/**
 * One line for each task, where it was first come to, and one for each thing that happened to the run itself. Tasks
 * stand below the one that they are in: what branches did at the same time is not mixed.
 */
export function lined(moments: readonly (Step | Milestone)[]): Line[] {
  const top: (Milestone | Branch)[] = [];
  const known = new Map<string, Branch>();
  for (const moment of moments) {
    if (moment.kind === "milestone") {
      top.push(moment);
      continue;
    }
    const { id, reference, startedAt, endedAt } = moment;
    const before = known.get(reference)?.line;
    if (before) {
      before.visits += 1;
      before.latest = moment;
      before.endedAt = endedAt;
      continue;
    }
    const parent = around(known, reference);
    const depth = parent ? parent.line.depth + 1 : 0;
    const line: Rounds = { kind: "rounds", id, latest: moment, visits: 1, startedAt, endedAt, depth };
    const branch: Branch = { line, inside: [] };
    known.set(reference, branch);
    if (parent) parent.inside.push(branch);
    else top.push(branch);
  }
  return top.flatMap((one): Line[] => ("line" in one ? flat(one) : [one]));
}

interface Branch {
  line: Rounds;
  inside: Branch[];
}

function flat({ line, inside }: Branch): Rounds[] {
  return [line, ...inside.flatMap(flat)];
}

function around(known: ReadonlyMap<string, Branch>, reference: string): Branch | undefined {
  for (let end = reference.lastIndexOf("/"); end > 0; end = reference.lastIndexOf("/", end - 1)) {
    const found = known.get(reference.slice(0, end));
    if (found) return found;
  }
  return undefined;
}
