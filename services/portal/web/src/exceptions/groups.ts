import type { Schemas } from "../api/client";
import type { Money } from "../display/money";
import type { Category } from "./queries";

type Line = Schemas["OpenExceptions"];

export interface Group {
  category: Category;
  count: number;
  /** Of each currency its own: they do not add up. */
  worth: Money[];
  oldest: string;
  nextDeadline: string | null;
}

/** Open exceptions by category, the most of them first. */
export function grouped(lines: readonly Line[]): Group[] {
  const found = new Map<Category, Group>();
  for (const line of lines) {
    const group = found.get(line.category);
    if (group) join(group, line);
    else found.set(line.category, begun(line));
  }
  return [...found.values()].sort((one, other) => other.count - one.count);
}

function begun(line: Line): Group {
  const group: Group = {
    category: line.category,
    count: line.count,
    worth: [],
    oldest: line.oldest,
    nextDeadline: line.next_deadline,
  };
  add(group, line);
  return group;
}

function join(group: Group, line: Line): void {
  group.count += line.count;
  if (line.oldest < group.oldest) group.oldest = line.oldest;
  if (line.next_deadline && (!group.nextDeadline || line.next_deadline < group.nextDeadline)) {
    group.nextDeadline = line.next_deadline;
  }
  add(group, line);
}

function add(group: Group, { currency, value }: Line): void {
  if (!currency || value === null) return;
  const known = group.worth.find(one => one.currency === currency);
  if (known) known.amount += value;
  else group.worth.push({ amount: value, currency });
}
