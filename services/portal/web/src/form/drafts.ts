import { major } from "./numbers";
import { entryOf, type Field, kindOf, type Rule } from "./view";

/** What stands in a field's inputs while somebody fills it in. */
export type Draft = string | boolean | readonly string[] | Pair | readonly Row[];

/** A number and what it is of: a currency or a unit. */
export interface Pair {
  number: string;
  of: string;
}

/** One row of a list; `key` stays with it while others come and go. */
export interface Row {
  key: number;
  drafts: Drafts;
}

/** By name. A map, since a field may have the name of something that every object has. */
export type Drafts = ReadonlyMap<string, Draft>;

let rows = 0;

export const isPair = (draft: Draft | undefined): draft is Pair =>
  typeof draft === "object" && "number" in draft;

export const texts = (draft: Draft | undefined): readonly string[] =>
  Array.isArray(draft) ? draft.filter((one): one is string => typeof one === "string") : [];

export const rowsOf = (draft: Draft | undefined): readonly Row[] =>
  Array.isArray(draft) ? draft.filter((one): one is Row => typeof one === "object") : [];

export function newRow(rule: Rule, value: Readonly<Record<string, unknown>> = {}): Row {
  rows += 1;
  const fields = Object.entries(rule.properties ?? {});
  return { key: rows, drafts: new Map(fields.map(([name, one]) => [name, draftOf(one, own(value, name))])) };
}

/** What the fields hold as the page opens. */
export function draftsOf(fields: readonly Field[], values: Readonly<Record<string, unknown>>): Drafts {
  return new Map(fields.map(field => [field.name, draftOf(field.rule, own(values, field.name))]));
}

export function draftOf(rule: Rule, value: unknown): Draft {
  const kind = kindOf(rule);
  if (kind === "yes") return value === true;
  if (kind === "choices" || kind === "documents") return list(value).map(String);
  if (kind === "list") return list(value).map(String).join("\n");
  if (kind === "rows") return list(value).map(one => newRow(rule.items ?? {}, record(one)));
  if (kind === "group") return [newRow(rule, record(value))];
  if (kind === "entries")
    return Object.entries(record(value)).map(([key, one]) => newRow(entryOf(rule), { key, value: one }));
  if (kind === "money") {
    const { amount, currency } = record(value);
    const of = typeof currency === "string" ? currency : "";
    return { number: typeof amount === "number" ? major(amount, of) : "", of };
  }
  if (kind === "quantity") {
    const { value: number, unit } = record(value);
    return { number: text(number), of: text(unit) };
  }
  if (kind === "instant") return localOf(text(value));
  return text(value);
}

export const own = (values: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(values, name) ? values[name] : undefined;

const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};

/** A moment in the reader's own zone, as the browser's input has it. */
function localOf(moment: string): string {
  const at = new Date(moment);
  if (moment === "" || Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
