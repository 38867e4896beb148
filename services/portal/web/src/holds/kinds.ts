import type { Schemas } from "../api/client";
import type { Money } from "../display/money";

type Line = Schemas["HoldsOfKind"];

export interface Group {
  type: string;
  count: number;
  /** Of each currency its own: they do not add up. */
  atRisk: Money[];
  oldest: string;
  /** When the next of them is due; null: none ever is. */
  due: string | null;
}

/** Active holds by their type, whoever looks after them; those that are due first stand first. */
export function grouped(lines: readonly Line[]): Group[] {
  const found = new Map<string, Group>();
  for (const { type, count, currency, value, oldest, next_due } of lines) {
    const group = found.get(type) ?? { type, count: 0, atRisk: [], oldest, due: null };
    found.set(type, group);
    group.count += count;
    if (oldest < group.oldest) group.oldest = oldest;
    if (next_due !== null && (group.due === null || next_due < group.due)) group.due = next_due;
    if (currency === null || value === null) continue;
    const sum = group.atRisk.find(one => one.currency === currency);
    if (sum) sum.amount += value;
    else group.atRisk.push({ amount: value, currency });
  }
  return [...found.values()].sort((one, other) => ((one.due ?? "~") < (other.due ?? "~") ? -1 : 1));
}
