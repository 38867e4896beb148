/** `2026-03-04` of a moment, in the reader's zone: what an input of a day holds. */
export function dayOf(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** When a day begins in the reader's zone; `later`: so many days after. */
export function beginning(day: string, later = 0): Date {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later);
}

/** From the beginning of the first day to the end of the last; null where they are no such days. */
export function away(first: string, last: string): { since: string; until: string } | null {
  if (!first || !last || last < first) return null;
  return { since: beginning(first).toISOString(), until: beginning(last, 1).toISOString() };
}

/** The last day of an absence, which ends as the next one begins. */
export const lastDay = (until: string): string => dayOf(new Date(new Date(until).getTime() - 1));
