import { isMoney, money } from "../display/money";
import { hasMasked } from "../run/mask";
import type { Language } from "../texts/language";

type Members = Readonly<Record<string, unknown>>;

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Of which an address is written, in this order. */
const ADDRESS = ["name", "street", "additional_street", "city", "region", "postal_code", "country"];
/** What people look for first; what is in no list comes behind it, and lists last. */
const FIRST = [
  "line",
  "number",
  "id",
  "name",
  "state",
  "status",
  "kind",
  "customer",
  "supplier",
  "item",
  "quantity",
];

export const isObject = (value: unknown): value is Members =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * A part of a record on one line: `Acme Wholesale (ACME-001)`, `10 EA`, `$12.99 / 1 EA`, `19 Jan 2026`. Null: it has
 * more to say than a line holds, or something of it is hidden.
 */
export function told(value: unknown, language: Language): string | null {
  if (typeof value === "string" && DAY.test(value)) return day(value, language);
  if (!isObject(value) || hasMasked(value)) return null;
  const names = Object.keys(value);
  const only = (...known: string[]) => names.length > 0 && names.every(one => known.includes(one));
  if (isMoney(value)) return money(language, value);
  if (only("amount", "currency", "per")) {
    const { per, ...price } = value;
    const of = told(per, language);
    return isMoney(price) && of ? `${money(language, price)} / ${of}` : null;
  }
  if (only("value", "unit") && typeof value.value === "string") {
    return [value.value, value.unit].filter(Boolean).join(" ");
  }
  if (only("id", "name", "number") && names.length < 3) return called(value);
  if (only(...ADDRESS) && "country" in value) {
    return ADDRESS.flatMap(one => (value[one] ? [String(value[one])] : [])).join(", ");
  }
  return null;
}

function called({ id, number, name }: Members): string {
  const key = String(id ?? number ?? "");
  return name ? (key ? `${String(name)} (${key})` : String(name)) : key;
}

function day(value: string, language: Language): string {
  const form = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" } as const;
  const at = new Date(`${value}T00:00:00Z`);
  return Number.isNaN(at.getTime()) ? value : new Intl.DateTimeFormat(language, form).format(at);
}

/** A record's members as they are read: what it is called by first, one line each, then what has parts, then lists. */
export function inOrder(record: Members, language: Language): (readonly [string, unknown])[] {
  const rank = ([name, value]: readonly [string, unknown]): number => {
    if (Array.isArray(value)) return 300;
    const place = FIRST.indexOf(name);
    const parts = isObject(value) && told(value, language) === null ? 200 : 0;
    return parts + (place < 0 ? FIRST.length : place);
  };
  return Object.entries(record)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .toSorted((one, other) => rank(one) - rank(other));
}
