import type { Schemas } from "../api/client";

export type Sort = "due" | "value" | "age";
export type Status = Schemas["HoldView"]["status"];

export const SORTS: readonly Sort[] = ["due", "value", "age"];
export const STATUSES: readonly Status[] = ["active", "cleared", "overridden"];

/** What holds are narrowed to; each is a filter of the API, and stands in the address. */
export const CUTS = ["type", "role", "order", "customer", "site"] as const;
export type Cut = (typeof CUTS)[number];
/** What is typed in: its name has to be known. */
export const TYPED = ["order", "customer", "site"] as const satisfies readonly Cut[];

export type Shown = { [cut in Cut]?: string | undefined } & {
  sort?: Sort | undefined;
  status?: Exclude<Status, "active"> | undefined;
};

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;

/** Of an address; what it does not know is left out. */
export function shownOf(search: Record<string, unknown>): Shown {
  const status = STATUSES.find(one => one === search.status);
  const shown: Shown = {
    sort: SORTS.find(one => one === search.sort && one !== "due"),
    status: status === "active" ? undefined : status,
  };
  for (const cut of CUTS) Object.assign(shown, { [cut]: text(search[cut]) });
  return shown;
}

/** As the list and acts on all of them take it. */
export function filterOf(shown: Shown): Partial<Record<Cut, string>> {
  const found: Partial<Record<Cut, string>> = {};
  for (const cut of cutsOf(shown)) found[cut] = shown[cut] ?? "";
  return found;
}

export const cutsOf = (shown: Shown): Cut[] => CUTS.filter(cut => shown[cut] !== undefined);
