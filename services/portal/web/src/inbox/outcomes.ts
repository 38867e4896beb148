import type { Told } from "./queries";

/** How many of what was decided together came to what. */
export const countOf = (told: readonly Told[], ...outcomes: Told["outcome"][]): number =>
  told.filter(one => outcomes.includes(one.outcome)).length;

/** What is known of each when a batch was sent on: what was decided before stays so, whatever it is told now. */
export function together(before: readonly Told[], now: readonly Told[]): Told[] {
  const later = new Map(now.map(one => [one.id, one]));
  return before.map(one =>
    one.outcome === "completed" || one.outcome === "approved" ? one : (later.get(one.id) ?? one),
  );
}
