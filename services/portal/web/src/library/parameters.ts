import type { Schemas } from "../api/client";
import { human } from "../display/names";
import { emptyOf } from "../form/answer";
import { type Field, type FormView, kindOf, type LookUp, type Rule, type Wrong } from "../form/view";
import { SYMBOLS } from "./symbols";

/** A value that a parameter inherits from the environment, the client, the partner or the installation. */
export type Inherited = Pick<Schemas["ParameterView"], "name" | "value" | "level">;

/** What this page says beside the template's own words. */
export interface Words {
  parameterDefault: (value: string) => string;
  parameterFrom: (source: string) => string;
  /** Units by what schemas call them; one without a word here is a code of UN/ECE Recommendation 20. */
  units: Readonly<Record<string, string>>;
}

/** JSON Schema, as far as parameters of templates use it. */
interface Schema
  extends Omit<Rule, "type" | "oneOf" | "enum" | "items" | "properties" | "additionalProperties"> {
  type?: Rule["type"] | "null" | readonly (NonNullable<Rule["type"]> | "null")[];
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  enum?: Rule["enum"];
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  /** Of what its values are: a kind of record, such as `warehouse`, or `calendar`. */
  "x-look-up"?: string;
  /** In what it is counted: a word such as `days`, or a code of UN/ECE Recommendation 20. */
  "x-unit"?: string;
}

/** Of a parameter that names a business calendar of the environment. */
const CALENDAR: LookUp = { record: null, capability: "calendars" };
const MONEY = "urn:record-schema:parts:1#/$defs/unsigned_money";

/** A template's parameters as a form, filled with what holds where nothing is said. */
export function parametersForm(raw: unknown, inherited: readonly Inherited[], words: Words): FormView {
  const schema = raw as Schema;
  const properties = Object.entries(schema.properties ?? {});
  const above = new Map(inherited.map(one => [one.name, one]));
  const fields = properties.map(([name, one]) =>
    fieldOf(name, one, above.get(name), schema.required ?? [], words),
  );
  const values: Record<string, unknown> = {};
  for (const [name, one] of properties) {
    const value = above.get(name)?.value ?? one.default;
    if (value !== undefined) values[name] = value;
  }
  return { title: "", description: "", sections: [{ title: "", fields }], values };
}

/** Of what the form holds that which differs from what holds anyway: the rest stays inherited, or the default. */
export function changed(view: FormView, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields = view.sections.flatMap(one => one.fields);
  const told: Record<string, unknown> = {};
  for (const { name, rule } of fields) {
    if (!Object.hasOwn(values, name)) continue;
    const value = values[name] ?? emptyOf(rule);
    if (text(value) !== text(view.values[name])) told[name] = value;
  }
  return told;
}

/** What the server found wrong, apart by what it is about: parameters, connections, and the rest. */
export function sorted(errors: readonly Wrong[]) {
  const below = (prefix: string) =>
    errors
      .filter(one => one.pointer.startsWith(`${prefix}/`))
      .map(one => ({ ...one, pointer: one.pointer.slice(prefix.length) }));
  return {
    parameters: below("/parameters"),
    bindings: below("/bindings"),
    rest: errors.filter(one => !/^\/(parameters|bindings)\//.test(one.pointer)),
  };
}

function fieldOf(
  name: string,
  raw: Schema,
  above: Inherited | undefined,
  required: readonly string[],
  words: Words,
): Field {
  const { schema, nullable } = withoutNull(raw);
  const rule = ruleOf(schema, words);
  const isList = emptyOf(rule) !== null;
  const said = above ? words.parameterFrom(above.level) : defaultOf(raw, words);
  const hint = [hintOf(rule, raw.description), said].filter(Boolean).join(" ");
  return {
    name,
    rule: { ...rule, title: raw.title ?? human(name), ...(hint ? { description: hint } : {}) },
    is_writable: true,
    is_required: !nullable && !isList && (required.includes(name) || raw.default !== undefined),
    required_for: [],
    unit: rule.unit ?? null,
    look_up: rule.look_up ?? null,
  };
}

/** Only a text is looked up. */
function lookUpOf({ "x-look-up": kind }: Schema, rule: Rule): LookUp | null {
  if (!kind || kindOf(rule) !== "text") return null;
  return kind === "calendar" ? CALENDAR : { record: kind, capability: null };
}

/** Of a list what its lines are counted in. */
function unitOf({ "x-unit": unit, items }: Schema, words: Words): string | null {
  if (unit) return words.units[unit] ?? SYMBOLS[unit] ?? unit;
  return items ? unitOf(items, words) : null;
}

function ruleOf(raw: Schema, words: Words): Rule {
  const { schema } = withoutNull(raw);
  const {
    type,
    oneOf: _one,
    anyOf: _any,
    enum: values,
    items,
    properties,
    additionalProperties,
    "x-look-up": _looked,
    "x-unit": _counted,
    ...rest
  } = schema;
  if (isMoney(schema)) return { ...(rest.title ? { title: rest.title } : {}), $ref: MONEY };
  const rule: Rule = rest;
  if (typeof type === "string" && type !== "null") rule.type = type;
  if (values?.every(one => typeof one === "string"))
    rule.oneOf = values.map(one => ({ const: String(one), title: human(String(one)) }));
  else if (values) rule.enum = values;
  if (items) rule.items = ruleOf(items, words);
  if (properties)
    rule.properties = Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [
        name,
        { ...ruleOf(one, words), title: one.title ?? human(name) },
      ]),
    );
  if (typeof additionalProperties === "object")
    rule.additionalProperties = ruleOf(additionalProperties, words);
  if (rest.propertyNames) rule.propertyNames = ruleOf(rest.propertyNames as Schema, words);
  const unit = unitOf(schema, words);
  if (unit) rule.unit = unit;
  const lookUp = lookUpOf(schema, rule);
  if (lookUp) rule.look_up = lookUp;
  return rule;
}

/** The one thing that a value may be besides null. */
function withoutNull(raw: Schema): { schema: Schema; nullable: boolean } {
  const among = raw.oneOf ?? raw.anyOf;
  const [only, ...others] = among?.filter(one => one.type !== "null") ?? [];
  if (among && only && others.length === 0 && among.length === 2) {
    const { oneOf: _one, anyOf: _any, ...rest } = raw;
    return { schema: { ...only, ...rest }, nullable: true };
  }
  if (typeof raw.type === "object" && raw.type.includes("null")) {
    const [type] = raw.type.filter(one => one !== "null");
    return { schema: type ? { ...raw, type } : raw, nullable: true };
  }
  return { schema: raw, nullable: false };
}

function isMoney({ properties }: Schema): boolean {
  const names = Object.keys(properties ?? {});
  return (
    names.length === 2 && properties?.amount?.type === "integer" && properties.currency?.type === "string"
  );
}

/** The template's words are also for who writes JSON: here money is entered in whole units, and null is an empty field. */
function hintOf(rule: Rule, description: string | undefined): string | undefined {
  const money =
    kindOf(rule) === "money" ? description?.replace(/minor units( of [^.;]*)?[.;]\s*/gi, "") : description;
  return money
    ?.replace(/(^|\. )null\b/gi, (_, before: string) => `${before}Empty`)
    .replace(/\bnull\b/gi, "empty")
    .trim();
}

function defaultOf({ default: value, enum: choices }: Schema, words: Words): string | undefined {
  if (typeof value === "number") return words.parameterDefault(String(value));
  return typeof value === "string" && value !== ""
    ? words.parameterDefault(choices ? human(value) : value)
    : undefined;
}

/** The same text for the same value, whatever the order of its members. */
function text(value: unknown): string {
  return (
    JSON.stringify(value, (_, one: unknown) =>
      one !== null && typeof one === "object" && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
        : one,
    ) ?? ""
  );
}
