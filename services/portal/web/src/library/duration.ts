import type { Language } from "../texts/language";

const UNITS: Record<string, string> = { D: "day", H: "hour", M: "minute", S: "second" };

/** `PT30M` → `30 minutes`, as templates write times; the text itself where it is another one. */
export function duration(language: Language, text: string): string {
  const found = /^P(?:(\d+)(D)|T(\d+)([HMS]))$/.exec(text);
  const count = found?.[1] ?? found?.[3];
  const unit = UNITS[found?.[2] ?? found?.[4] ?? ""];
  if (!count || !unit) return text;
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(Number(count));
}
