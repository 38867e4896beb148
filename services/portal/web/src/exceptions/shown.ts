import type { Category, Filter, Sort } from "./queries";

/** What exceptions are grouped by; each has a filter of the same. */
export const BYS = [
  "category",
  "kind",
  "warehouse",
  "segment",
  "order_type",
  "channel",
  "stage",
  "system",
  "owner",
] as const;
export type By = (typeof BYS)[number];

export const SORTS: readonly Sort[] = ["risk", "deadline", "value", "age"];
const CATEGORIES: readonly string[] = [
  "failed",
  "uncertain",
  "parked",
  "quarantined",
  "outage",
  "dead-letter",
  "missed",
  "data",
];

export type Cut = Exclude<By, "system"> | "connection";

/** What the page shows, as it stands in its address. */
export type Shown = { [cut in Exclude<Cut, "category">]?: string | undefined } & {
  category?: Category | undefined;
  mine?: true | undefined;
  sort?: Sort | undefined;
  by?: By | undefined;
};

export const cutOf = (by: By): Cut => (by === "system" ? "connection" : by);

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;

/** Of an address; what it does not know is left out. */
export function shownOf(search: Record<string, unknown>): Shown {
  const category = text(search.category);
  const shown: Shown = {
    category: category && CATEGORIES.includes(category) ? (category as Category) : undefined,
    mine: search.mine === true || undefined,
    sort: SORTS.find(one => one === search.sort && one !== "risk"),
    by: BYS.find(one => one === search.by && one !== "category"),
  };
  for (const by of BYS) {
    if (by !== "category") Object.assign(shown, { [cutOf(by)]: text(search[cutOf(by)]) });
  }
  return shown;
}

/** The filter of what is shown, as the list, the groups and acts on all of them take it. */
export function filterOf(shown: Shown, but?: By): Filter {
  const found: Record<string, string> = {};
  for (const by of BYS) {
    const value = by === but ? undefined : shown[cutOf(by)];
    if (value) found[cutOf(by)] = value;
  }
  return found;
}

export const cutsOf = (shown: Shown): By[] => BYS.filter(by => shown[cutOf(by)] !== undefined);
