/** A form as the server shows it to one reader: what they may not read is not in it. */

export interface Rule {
  title?: string;
  description?: string;
  type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  $ref?: string;
  format?: string;
  enum?: readonly (string | number)[];
  oneOf?: readonly { const: string; title: string }[];
  const?: unknown;
  default?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Rule;
  properties?: Record<string, Rule>;
  required?: readonly string[];
  /** Of an object whose members people name themselves: what each holds, and what it may be called. */
  additionalProperties?: Rule;
  propertyNames?: Rule;
  /** Of parameters of templates, whose schemas say it at any depth; a task's form says it beside the schema. */
  unit?: string;
  look_up?: LookUp;
}

/** Where values are found: among records of a kind, or by an operation of a connection. */
export interface LookUp {
  record: string | null;
  capability: string | null;
}

export interface Field {
  name: string;
  rule: Rule;
  is_writable: boolean;
  is_required: boolean;
  required_for: readonly string[];
  unit: string | null;
  look_up: LookUp | null;
}

export interface FormView {
  title: string;
  description: string;
  sections: readonly { title: string; fields: readonly Field[] }[];
  values: Readonly<Record<string, unknown>>;
}

/** What is wrong and where: a JSON pointer into the answer (RFC 6901). */
export interface Wrong {
  pointer: string;
  detail: string;
}

export type Kind =
  | "text"
  | "note"
  | "email"
  | "day"
  | "instant"
  | "time"
  | "number"
  | "yes"
  | "choice"
  | "choices"
  | "money"
  | "quantity"
  | "document"
  | "documents"
  | "rows"
  | "list"
  | "group"
  | "entries"
  | "secret"
  | "secret-lines";

const PARTS = "urn:record-schema:parts:1#/$defs/";
const OF_PART: Readonly<Record<string, Kind>> = {
  note: "note",
  day: "day",
  instant: "instant",
  clock_time: "time",
  money: "money",
  unsigned_money: "money",
  quantity: "quantity",
  signed_quantity: "quantity",
};
/** Parts that are decimal numbers as text. */
const DECIMALS = new Set(["decimal", "signed_decimal", "percent"]);

export function partOf(rule: Rule): string | null {
  return rule.$ref?.startsWith(PARTS) ? rule.$ref.slice(PARTS.length) : null;
}

/** How a field is entered. A rule that this page does not know is a text: the server says what is wrong with it. */
export function kindOf(rule: Rule): Kind {
  const part = partOf(rule);
  if (part !== null) return DECIMALS.has(part) ? "number" : (OF_PART[part] ?? "text");
  if (rule.enum || rule.oneOf) return "choice";
  if (rule.type === "integer" || rule.type === "number") return "number";
  if (rule.type === "boolean") return "yes";
  if (rule.type === "array") return listKind(rule.items ?? {});
  if (rule.properties) return "group";
  if (rule.additionalProperties) return "entries";
  if (rule.format === "document" || rule.format === "secret" || rule.format === "secret-lines")
    return rule.format;
  return rule.format === "email" ? "email" : "text";
}

function listKind(items: Rule): Kind {
  if (items.type === "object") return "rows";
  const one = kindOf(items);
  return one === "choice" ? "choices" : one === "document" ? "documents" : "list";
}

/** Whether a number is kept as the text that it is, and not as a JSON number. */
export const isExact = (rule: Rule): boolean => DECIMALS.has(partOf(rule) ?? "");

export function choicesOf(rule: Rule): { value: string; label: string }[] {
  if (rule.oneOf) return rule.oneOf.map(one => ({ value: one.const, label: one.title }));
  return (rule.enum ?? []).map(one => ({ value: String(one), label: String(one) }));
}

/** One line of an object whose members people name: the name and what it holds, as a row has its fields. */
export const entryOf = (rule: Rule): Rule => ({
  type: "object",
  required: ["key"],
  properties: { key: rule.propertyNames ?? {}, value: rule.additionalProperties ?? {} },
});

/** One step of a pointer, escaped. */
export const step = (name: string | number): string =>
  `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
