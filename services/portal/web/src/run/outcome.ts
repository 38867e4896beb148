import { isMoney, type Money, money } from "../display/money";
import { human } from "../display/names";
import { absolute, INSTANT } from "../display/time";
import type { Texts } from "../texts/en";
import type { Language } from "../texts/language";
import { MASK } from "./mask";

/** How a run ended, in a heading and a few facts. */
export interface Outcome {
  tone: "completed" | "held" | "faulted" | "cancelled";
  title: string;
  lead: string | null;
  /** Title of the step that failed. */
  at?: string | null;
  facts: [string, string][];
}

type Fields = Record<string, unknown>;

const fields = (value: unknown): Fields =>
  value !== null && typeof value === "object" ? (value as Fields) : {};
const words = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

interface Run {
  state: string;
  failed_at?: string | null;
  compensated_by?: string | null;
  output: unknown;
  error: unknown;
}

/** Null while the run goes on. Order results are told in their own words, others by their plain fields. */
export function outcomeOf(
  run: Run,
  texts: Texts,
  language: Language,
  titles: ReadonlyMap<string, string> = new Map(),
): Outcome | null {
  if (run.state === "cancelled") {
    return { tone: "cancelled", title: texts.cancelledTitle, lead: texts.cancelledBody, facts: [] };
  }
  if (run.state === "faulted") return faulted(run, texts, titles);
  if (run.state !== "completed" || run.output === null) return null;
  const output = fields(run.output);
  if (output.released === true) return released(output, texts, language);
  if (output.released === false) return held(output, texts, language);
  return plain(output, texts, language);
}

/** Where an error is that came before the first step: at the order itself. */
const INPUT = "/input";
/** Where one is that came after the last. */
const OUTPUT = "/output";

/** The end of the graph that an error is at, which is at no step. */
export function faultedEnd(run: Run): "start" | "end" | null {
  if (run.state !== "faulted") return null;
  const at = run.failed_at ?? fields(run.error).instance;
  return at === INPUT ? "start" : at === OUTPUT ? "end" : null;
}

/** What is said of the order, and the place in it, as `first_error` writes them. A run's input is events, with one's data the order. */
const PLACED = /^(?<said>.*) \(at (?:\/(?:\d+\/data\/)?(?<path>.+)|the root)\)$/s;

function unfit(error: Fields, texts: Texts): Outcome {
  const { said, path } = PLACED.exec(words(error.detail) ?? "")?.groups ?? {};
  const lead = [
    path ? texts.unfitAt(path) : null,
    said && said !== MASK ? `${said}.` : null,
    texts.unfitBody,
  ];
  return {
    tone: "faulted",
    title: texts.unfitTitle,
    lead: lead.filter(part => part !== null).join(" "),
    facts: [],
  };
}

function faulted(run: Run, texts: Texts, titles: ReadonlyMap<string, string>): Outcome {
  const error = fields(run.error);
  if (faultedEnd(run) === "start" && (words(error.type) ?? "validation").endsWith("validation")) {
    return unfit(error, texts);
  }
  const named = words(error.title);
  const title = named === null || named === MASK ? texts.faultedTitle : named;
  const detail = words(error.detail);
  return {
    tone: "faulted",
    title,
    lead: detail === null || detail === MASK ? left(run, texts) : detail,
    at: titles.get(words(error.instance) ?? "") || null,
    facts: [],
  };
}

/** What became of all that was done before. */
function left(run: Run, texts: Texts): string {
  return run.compensated_by ? texts.undoneBody : texts.faultedBody;
}

function released(output: Fields, texts: Texts, language: Language): Outcome {
  const sale = fields(output.sale);
  const number = words(sale.number) ?? "";
  const short = Array.isArray(output.backordered) ? output.backordered.length : 0;
  const facts: [string, string | null][] = [
    [texts.total, amount(sale.total ?? output.total, language)],
    [texts.customer, words(output.customer)],
    [texts.saleState, saleState(words(sale.state), texts)],
    [texts.backordered, short ? texts.backorderedItems(short) : null],
  ];
  return { tone: "completed", title: texts.released(number), lead: null, facts: present(facts) };
}

function held(output: Fields, texts: Texts, language: Language): Outcome {
  const holds = Array.isArray(output.holds) ? output.holds : [output.hold];
  const reasons = holds.map(hold => words(fields(hold).reason)).filter(reason => reason !== null);
  const facts: [string, string | null][] = [
    [texts.total, amount(output.total, language)],
    [texts.customer, words(output.customer)],
  ];
  return { tone: "held", title: texts.heldTitle, lead: reasons.join(" ") || null, facts: present(facts) };
}

const MOST_FACTS = 4;

function plain(output: Fields, texts: Texts, language: Language): Outcome {
  const facts = Object.entries(output).map(([name, value]): [string, string | null] => [
    human(name),
    fact(value, texts, language),
  ]);
  return {
    tone: "completed",
    title: texts.completedTitle,
    lead: null,
    facts: present(facts).slice(0, MOST_FACTS),
  };
}

/** As the panel of a step writes it. */
function fact(value: unknown, texts: Texts, language: Language): string | null {
  if (value === MASK) return texts.masked;
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  if (typeof value === "string" && INSTANT.test(value)) return absolute(language, value);
  return amount(value, language) ?? (typeof value === "object" ? null : String(value));
}

function saleState(state: string | null, texts: Texts): string | null {
  return state && (texts.saleStates[state] ?? human(state));
}

function amount(value: unknown, language: Language): string | null {
  return isMoney(value) ? money(language, value as Money) : null;
}

function present(facts: [string, string | null][]): [string, string][] {
  return facts.filter((fact): fact is [string, string] => fact[1] !== null);
}
