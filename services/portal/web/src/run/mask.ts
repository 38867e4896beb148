/** What the server puts in the place of a value that this account may not read. */
export const MASK = "••••••";

export function hasMasked(value: unknown): boolean {
  if (value === MASK) return true;
  return value !== null && typeof value === "object" && Object.values(value).some(hasMasked);
}
