import { type Field, type FormView, kindOf, type Rule, step, type Wrong } from "../form/view";
import { parametersForm } from "../library/parameters";
import type { Connection, ConnectorDetail } from "./queries";

/** What this page says beside the connector's own words. */
export interface Words {
  name: string;
  nameHint: string;
  secretHint: string;
  secretKept: (last: string) => string;
  json: string;
  jsonWrong: string;
  byDefault: (value: string) => string;
}

/** What is sent: settings as the schema has them, and of the secrets those that were entered. */
export interface Entered {
  name: string;
  settings: Record<string, unknown>;
  secrets: Record<string, string>;
}

interface Schema {
  required?: readonly string[];
  properties?: Record<string, Rule & { type?: unknown; default?: unknown }>;
}

/** What an object may hold that people enter line by line; any other is entered as JSON. */
const PLAIN: readonly unknown[] = ["string", "integer", "number"];

const isJson = (raw: Rule | undefined): boolean =>
  raw?.type === "object" && !PLAIN.includes(raw.additionalProperties?.type);

const NOTE = "urn:record-schema:parts:1#/$defs/note";
const LONG = 1_000;
/** Secrets of several lines. */
const LINES = /private_?key|certificate/;
const SETTING = "settings.";
const SECRET = "secrets.";
export const NAME = "name";

/**
 * A connector's settings and secrets as one form. `known`: the connection that is changed, whose secrets never come;
 * `begun`: settings that were entered before.
 */
export function connectionForm(
  connector: ConnectorDetail,
  known: Pick<Connection, "name" | "settings" | "secrets"> | null,
  words: Words,
  begun?: Readonly<Record<string, unknown>>,
): FormView {
  const schema = connector.settings as Schema;
  const settings = parametersForm(schema, [], {
    parameterDefault: words.byDefault,
    parameterFrom: words.byDefault,
    units: {},
  });
  const held: Record<string, unknown> = { ...settings.values, ...known?.settings, ...begun };
  const fields = settings.sections.flatMap(one => one.fields).map(one => settingField(one, schema, words));
  const values: Record<string, unknown> = { [NAME]: known?.name ?? "" };
  for (const one of fields) {
    const value = held[one.name.slice(SETTING.length)];
    if (value !== undefined) values[one.name] = isJson(rawOf(schema, one)) ? written(value) : value;
  }
  const secrets = connector.secrets.map(one => secretField(one, known, words));
  const name = field(NAME, { title: words.name, description: words.nameHint, maxLength: 63 }, true);
  const needed = fields.filter(one => one.is_required);
  const others = fields.filter(one => !one.is_required);
  return {
    title: "",
    description: "",
    sections: [
      { title: "", fields: [{ ...name, is_writable: known === null }, ...needed, ...secrets, ...others] },
    ],
    values,
  };
}

const field = (name: string, rule: Rule, is_required: boolean): Field => ({
  name,
  rule,
  is_writable: true,
  is_required,
  required_for: [],
  unit: null,
  look_up: null,
});

function settingField(one: Field, schema: Schema, words: Words): Field {
  const raw = schema.properties?.[one.name] ?? {};
  const required = schema.required?.includes(one.name) ?? false;
  const { title = one.name, description } = one.rule;
  const name = SETTING + one.name;
  if (isJson(raw)) {
    const hint = [description, words.json].filter(Boolean).join(" ");
    return field(name, { title, description: hint, $ref: NOTE }, required);
  }
  const isLong = kindOf(one.rule) === "text" && (one.rule.maxLength ?? 0) > LONG;
  return { ...one, name, is_required: required, rule: isLong ? { ...one.rule, $ref: NOTE } : one.rule };
}

function secretField(
  { name, title, required }: ConnectorDetail["secrets"][number],
  known: Pick<Connection, "secrets"> | null,
  words: Words,
): Field {
  const kept = known?.secrets?.[name];
  const description = kept ? words.secretKept(kept.last4) : words.secretHint;
  const format = LINES.test(name) ? "secret-lines" : "secret";
  return field(SECRET + name, { title, description, format }, required && !kept);
}

const rawOf = (schema: Schema, one: Field): Rule | undefined =>
  schema.properties?.[one.name.slice(SETTING.length)];

const written = (value: unknown): string =>
  value !== null && typeof value === "object" && Object.keys(value).length > 0
    ? JSON.stringify(value, null, 2)
    : "";

/** What the form's values say, and what is wrong that no rule of a field finds. */
export function entered(
  connector: ConnectorDetail,
  values: Readonly<Record<string, unknown>>,
  words: Pick<Words, "jsonWrong">,
): { told: Entered; wrong: Wrong[] } {
  const schema = connector.settings as Schema;
  const told: Entered = { name: String(values[NAME] ?? ""), settings: {}, secrets: {} };
  const wrong: Wrong[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith(SECRET)) {
      if (typeof value === "string" && value !== "") told.secrets[name.slice(SECRET.length)] = value;
    } else if (name.startsWith(SETTING)) {
      const setting = name.slice(SETTING.length);
      const raw = schema.properties?.[setting];
      try {
        const found = isJson(raw) ? parsed(value) : (value ?? EMPTY[raw?.type ?? ""]);
        // What is left empty takes the default.
        if (found !== undefined) told.settings[setting] = found;
      } catch {
        wrong.push({ pointer: step(name), detail: words.jsonWrong });
      }
    }
  }
  return { told, wrong };
}

/** What stands for nothing where that is not the default. */
const EMPTY: Partial<Record<string, unknown>> = { array: [], object: {} };

function parsed(value: unknown): unknown {
  if (typeof value !== "string" || value.trim() === "") return undefined;
  return JSON.parse(value);
}

/** The server's words at the fields of the form: `/settings/base_url` and what names a setting or a secret. */
export function placed(connector: ConnectorDetail, errors: readonly Wrong[]): Wrong[] {
  const settings = (connector.settings as Schema).properties ?? {};
  return errors.map(({ pointer, detail }) => {
    const [, part = "", name = "", ...rest] = pointer.split("/");
    if (part === "settings" && rest.length > 0 && isJson(settings[name]))
      return { pointer: `/${part}.${name}`, detail: `${rest.join("/")}: ${detail}` };
    if (name) return { pointer: [`/${part}.${name}`, ...rest].join("/"), detail };
    const [first] = part === "name" ? [] : named(connector, detail);
    return { pointer: first ?? pointer, detail };
  });
}

/** Where the fields are that a sentence names between accents: what a check says to look at. */
export function named(connector: ConnectorDetail, sentence: string): string[] {
  const settings = (connector.settings as Schema).properties ?? {};
  const secrets = connector.secrets.map(one => one.name);
  return [...sentence.matchAll(/(secret |secrets |setting |settings )?`([^`]+)`/g)].flatMap(
    ([, kind = "", name = ""]) => {
      if (secrets.includes(name) && !(kind.startsWith("setting") && Object.hasOwn(settings, name)))
        return [step(SECRET + name)];
      return Object.hasOwn(settings, name) ? [step(SETTING + name)] : [];
    },
  );
}
