import type { GraphNode, JournalLine, RunView } from "../api/queries";
import { hasMasked } from "../run/mask";
import { fold, type Step } from "../run/steps";

/** What the task that failed was given: as text that can be edited, or why there is none. */
export type Given =
  | { step: Step; text: string; why: null }
  | { step: Step | null; text: null; why: "hidden" | "unknown" | "raised" };

/** The innermost task of the last try: the one that a retry begins with. */
function failed(lines: readonly JournalLine[], run: RunView): Step | null {
  const moments = fold(lines, run);
  const last = moments.findLastIndex(one => one.kind === "milestone" && one.what === "retried");
  const steps = moments
    .slice(last + 1)
    .filter(one => one.kind === "step" && one.state === "faulted") as Step[];
  return steps.reduce<Step | null>(
    (inner, one) => (inner && inner.reference.length >= one.reference.length ? inner : one),
    null,
  );
}

/**
 * Of a run that is faulted. What somebody may not read cannot be sent back either, and what a `raise` refused
 * is to be put right where it was checked.
 */
export function givenTo(
  lines: readonly JournalLine[],
  run: RunView,
  nodes: readonly GraphNode[] = [],
): Given {
  const step = failed(lines, run);
  if (nodes.some(one => one.kind === "raise" && one.reference === step?.reference))
    return { step, text: null, why: "raised" };
  if (!step?.input.known) return { step, text: null, why: "unknown" };
  if (hasMasked(step.input.value)) return { step, text: null, why: "hidden" };
  return { step, text: JSON.stringify(step.input.value, null, 2), why: null };
}

/** The value that `text` is; undefined where it is none. */
export function readOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
