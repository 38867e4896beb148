import type { Level } from "../readiness/queries";
import type { Connector } from "./queries";

/** What of the list is shown; it stands in the address. */
export interface Shown {
  /** In a title, a name or an operation. */
  find?: string | undefined;
  level?: Level | undefined;
  /** A capability, or the first word of some: `erp`, `erp.sales-orders.create`. */
  offers?: string | undefined;
}

export const LEVELS: readonly Level[] = ["certified", "certified before", "simulated", "not certified"];

const folded = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** Names that templates ask for. */
export const capabilitiesOf = (one: Connector): string[] =>
  one.operations.filter(operation => operation.capability).map(operation => operation.name);

export function shownOf(all: readonly Connector[], { find, level, offers }: Shown): Connector[] {
  const words = folded(find ?? "")
    .split(/\s+/)
    .filter(Boolean);
  return all
    .filter(one => !level || one.certification.level === level)
    .filter(one => !offers || capabilitiesOf(one).some(name => isOf(name, offers)))
    .filter(one => {
      const text = folded([one.title, one.name, ...one.operations.map(each => each.name)].join(" "));
      return words.every(word => text.includes(word));
    })
    .sort((a, b) => a.title.localeCompare(b.title));
}

const isOf = (name: string, offers: string): boolean => name === offers || name.startsWith(`${offers}.`);

/** The first words of all capabilities, and what is asked for beside them. */
export function areasOf(all: readonly Connector[], asked: string | undefined): string[] {
  const areas = new Set(all.flatMap(capabilitiesOf).map(name => name.split(".")[0] ?? name));
  if (asked) areas.add(asked);
  return [...areas].sort();
}

/** Simulators by which the same can be shown without the system, those that offer the most of it first. */
export function standIns(one: Connector, all: readonly Connector[]): { of: Connector; offers: string[] }[] {
  if (one.simulator !== null) return [];
  const wanted = new Set(capabilitiesOf(one));
  return all
    .filter(other => other.simulator !== null)
    .map(of => ({ of, offers: capabilitiesOf(of).filter(name => wanted.has(name)) }))
    .filter(({ offers }) => offers.length > 0)
    .sort((a, b) => b.offers.length - a.offers.length || a.of.title.localeCompare(b.of.title));
}

/** Names of what was changed since a connector's tests ran, as they stand between accents in its words. */
export const changedSince = (since: readonly string[]): string[] =>
  since.map(one => /`([^`]+)`/.exec(one)?.[1] ?? one);
