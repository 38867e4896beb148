import type { Schemas } from "../api/client";
import type { Money } from "../display/money";

type Line = Schemas["GroupedExceptions"];

export interface Group {
  /** What they have in common; null: none. */
  group: string | null;
  count: number;
  late: number;
  /** Of each currency its own: they do not add up. */
  atRisk: Money[];
  oldest: string;
}

/** Open exceptions by what they have in common, in the order of the lines, which is that of risk. */
export function grouped(lines: readonly Line[]): Group[] {
  const found = new Map<string | null, Group>();
  for (const line of lines) {
    const group = found.get(line.group) ?? begun(line);
    if (found.has(line.group)) {
      group.count += line.count;
      group.late += line.late;
      if (line.oldest < group.oldest) group.oldest = line.oldest;
    }
    found.set(line.group, group);
    if (line.currency && line.at_risk !== null) {
      group.atRisk.push({ amount: line.at_risk, currency: line.currency });
    }
  }
  return [...found.values()];
}

const begun = (line: Line): Group => ({
  group: line.group,
  count: line.count,
  late: line.late,
  atRisk: [],
  oldest: line.oldest,
});
