import { isMoney, money } from "../display/money";
import { absolute } from "../display/time";
import type { Texts } from "../texts/en";
import type { Language } from "../texts/language";
import { useTexts } from "../texts/texts";
import classes from "./Form.module.css";
import { choicesOf, kindOf, type Rule } from "./view";

interface Props {
  rule: Rule;
  unit: string | null;
  value: unknown;
}

/** A field that somebody may read and not write: what it is called, and what stands in it. */
export function Fact({ rule, unit, value }: Props) {
  const { texts, language } = useTexts();
  const said = words(rule, value, language, texts);
  return (
    <dl className={classes.fact}>
      <dt>{rule.title}</dt>
      <dd>{said === "" ? "–" : unit ? `${said} ${unit}` : said}</dd>
    </dl>
  );
}

/** A value as people read it; empty for none. */
export function words(rule: Rule, value: unknown, language: Language, texts: Texts): string {
  if (value === null || value === undefined) return "";
  const kind = kindOf(rule);
  if (kind === "money" && isMoney(value)) return money(language, value);
  if (kind === "choice")
    return choicesOf(rule).find(one => one.value === String(value))?.label ?? String(value);
  if (kind === "yes") return value === true ? texts.yes : texts.no;
  if (kind === "instant") return absolute(language, String(value));
  if (Array.isArray(value)) {
    return value
      .map(one => words(rule.items ?? {}, one, language, texts))
      .join(kind === "rows" ? "\n" : ", ");
  }
  if (typeof value === "object") return ofObject(rule, value as Record<string, unknown>, language, texts);
  return String(value);
}

function ofObject(rule: Rule, value: Record<string, unknown>, language: Language, texts: Texts): string {
  const known = rule.properties;
  const said = Object.entries(value).map(([name, one]) =>
    known && Object.hasOwn(known, name)
      ? `${known[name]?.title ?? name}: ${words(known[name] ?? {}, one, language, texts)}`
      : String(one),
  );
  return said.join(known ? "; " : " ");
}
