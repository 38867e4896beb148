import type { Language } from "../texts/language";

const KILO = 1_000;

/** `412 bytes`, `1.2 kB`: of content, as people read it. */
export function size(language: Language, bytes: number): string {
  const [value, unit] = bytes < KILO ? [bytes, "byte"] : [bytes / KILO, "kilobyte"];
  const unitDisplay = unit === "byte" ? "long" : "short";
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay,
    maximumFractionDigits: 1,
  }).format(value);
}
