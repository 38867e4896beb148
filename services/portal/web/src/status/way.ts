import type { Schemas } from "../api/client";

export type Step = Schemas["StatusStep"];

/** The newest step that says how it stands; a delay or a message leaves it where it was. */
export const standing = (steps: readonly Step[]): Step | null =>
  steps.findLast(one => one.what !== "delayed" && one.what !== "told") ?? null;

/** What is promised now: nothing once it has arrived, came back or is cancelled. */
export function promise(steps: readonly Step[]): Step | null {
  const at = standing(steps)?.what;
  if (at === "delivered" || at === "cancelled" || at === "returned") return null;
  return steps.findLast(one => one.now !== null) ?? null;
}
