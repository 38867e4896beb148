import { type Draft, type Drafts, isPair, own, rowsOf, texts } from "./drafts";
import { minor, plain } from "./numbers";
import { entryOf, type Field, type FormView, isExact, kindOf, type Rule, step, type Wrong } from "./view";

/** What this page finds wrong by itself, in words of the catalogue. Patterns are the server's to match. */
export interface Words {
  needed: string;
  number: string;
  whole: string;
  places: string;
  least: (least: number) => string;
  most: (most: number) => string;
  long: (most: number) => string;
  of: string;
  twice: string;
}

export interface Read {
  values: Record<string, unknown>;
  wrong: Wrong[];
}

/** What would be sent for an outcome: fields that may be written and hold something, or held something before. */
export function read(
  view: FormView,
  drafts: Drafts,
  outcome: string | null,
  language: string,
  words: Words,
): Read {
  const found: Read = { values: {}, wrong: [] };
  for (const field of view.sections.flatMap(one => one.fields)) {
    if (!field.is_writable) continue;
    const pointer = step(field.name);
    const before = found.wrong.length;
    const value = heldBy(field.rule, drafts.get(field.name), {
      pointer,
      language,
      words,
      wrong: found.wrong,
    });
    if (value !== undefined) put(found.values, field.name, value);
    else if (own(view.values, field.name) != null) put(found.values, field.name, null);
    if (value === undefined && found.wrong.length === before && isNeeded(field, outcome)) {
      found.wrong.push({ pointer, detail: words.needed });
    }
  }
  return found;
}

export const isNeeded = (field: Field, outcome: string | null): boolean =>
  field.is_required || (outcome !== null && field.required_for.includes(outcome));

interface Place {
  pointer: string;
  language: string;
  words: Words;
  wrong: Wrong[];
}

/** The value of a draft; undefined for nothing, or for what is wrong. */
function heldBy(rule: Rule, draft: Draft | undefined, place: Place): unknown {
  switch (kindOf(rule)) {
    case "yes":
      // Where only yes will do, no is nothing yet.
      return draft === true || (rule.const !== true && draft === false ? draft : undefined);
    case "number":
      return numberOf(rule, String(draft ?? ""), place);
    case "choices":
    case "documents":
      return texts(draft).length > 0 ? texts(draft) : undefined;
    case "list":
      return listOf(rule, String(draft ?? ""), place);
    case "rows":
      return rowsValue(rule, draft, place);
    case "group":
      return groupValue(rule, draft, place);
    case "entries":
      return entriesValue(rule, draft, place);
    case "money":
      return moneyOf(draft, place);
    case "quantity":
      return quantityOf(draft, place);
    case "instant":
      return draft ? new Date(String(draft)).toISOString() : undefined;
    case "secret":
    case "secret-lines":
      return draft ? String(draft) : undefined;
    case "choice":
      return chosen(rule, String(draft ?? ""));
    default:
      return textOf(rule, String(draft ?? ""), place);
  }
}

function say(place: Place, detail: string): undefined {
  place.wrong.push({ pointer: place.pointer, detail });
  return undefined;
}

function textOf(rule: Rule, draft: string, place: Place): string | undefined {
  const text = draft.trim();
  if (text === "") return undefined;
  if (rule.maxLength !== undefined && text.length > rule.maxLength)
    return say(place, place.words.long(rule.maxLength));
  return text;
}

/** A choice among numbers is kept as a number. */
function chosen(rule: Rule, draft: string): unknown {
  return draft === "" ? undefined : (rule.enum?.find(one => String(one) === draft) ?? draft);
}

function numberOf(rule: Rule, draft: string, place: Place): unknown {
  if (draft.trim() === "") return undefined;
  const text = plain(draft, place.language);
  if (text === null) return say(place, place.words.number);
  if (isExact(rule)) return text;
  const value = Number(text);
  if (rule.type === "integer" && !Number.isSafeInteger(value)) return say(place, place.words.whole);
  if (rule.minimum !== undefined && value < rule.minimum) return say(place, place.words.least(rule.minimum));
  if (rule.maximum !== undefined && value > rule.maximum) return say(place, place.words.most(rule.maximum));
  return value;
}

function listOf(rule: Rule, draft: string, place: Place): unknown {
  const lines = draft.split("\n").filter(one => one.trim() !== "");
  const values = lines.map((one, at) =>
    heldBy(rule.items ?? {}, one, { ...place, pointer: place.pointer + step(at) }),
  );
  return values.length > 0 ? values : undefined;
}

function rowsValue(rule: Rule, draft: Draft | undefined, place: Place): unknown {
  const values = rowsOf(draft).map((row, at) =>
    membersOf(rule.items ?? {}, row.drafts, { ...place, pointer: place.pointer + step(at) }),
  );
  return values.length > 0 ? values : undefined;
}

function membersOf(rule: Rule, drafts: Drafts, place: Place): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(rule.properties ?? {})) {
    const pointer = place.pointer + step(name);
    const before = place.wrong.length;
    const member = heldBy(one, drafts.get(name), { ...place, pointer });
    if (member !== undefined) put(value, name, member);
    else if (rule.required?.includes(name) && place.wrong.length === before) {
      place.wrong.push({ pointer, detail: place.words.needed });
    }
  }
  return value;
}

/** Nothing where none of its fields holds anything, whatever is needed of one that does. */
function groupValue(rule: Rule, draft: Draft | undefined, place: Place): unknown {
  const [row] = rowsOf(draft);
  const wrong: Wrong[] = [];
  const value = row ? membersOf(rule, row.drafts, { ...place, wrong }) : {};
  const isEmpty = Object.keys(value).length === 0 && wrong.every(one => one.detail === place.words.needed);
  if (isEmpty) return undefined;
  place.wrong.push(...wrong);
  return value;
}

function entriesValue(rule: Rule, draft: Draft | undefined, place: Place): unknown {
  const rows = rowsOf(draft);
  const value: Record<string, unknown> = {};
  for (const [at, row] of rows.entries()) {
    const pointer = place.pointer + step(at);
    const found = membersOf(entryOf(rule), row.drafts, { ...place, pointer });
    const key = found.key === undefined ? undefined : String(found.key);
    if (key === undefined) continue;
    if (Object.hasOwn(value, key)) say({ ...place, pointer: `${pointer}/key` }, place.words.twice);
    const held = found.value ?? emptyOf(rule.additionalProperties ?? {});
    if (held === null && !place.wrong.some(one => one.pointer.startsWith(`${pointer}/value`)))
      say({ ...place, pointer: `${pointer}/value` }, place.words.needed);
    put(value, key, held);
  }
  return rows.length > 0 ? value : undefined;
}

/** What stands for nothing: a list without items, an object without members, else null. */
export function emptyOf(rule: Rule): unknown {
  const kind = kindOf(rule);
  if (kind === "entries") return {};
  return ["list", "rows", "choices", "documents"].includes(kind) ? [] : null;
}

function moneyOf(draft: Draft | undefined, place: Place): unknown {
  if (!isPair(draft) || draft.number.trim() === "") return undefined;
  const text = plain(draft.number, place.language);
  if (text === null) return say(place, place.words.number);
  const currency = draft.of.trim().toUpperCase();
  if (currency === "") return say(place, place.words.of);
  const amount = minor(text, currency);
  return amount === null ? say(place, place.words.places) : { amount, currency };
}

function quantityOf(draft: Draft | undefined, place: Place): unknown {
  if (!isPair(draft) || draft.number.trim() === "") return undefined;
  const value = plain(draft.number, place.language);
  if (value === null) return say(place, place.words.number);
  const unit = draft.of.trim().toUpperCase();
  return unit === "" ? say(place, place.words.of) : { value, unit };
}

/** As a member of its own, whatever it is called. */
function put(values: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true });
}
