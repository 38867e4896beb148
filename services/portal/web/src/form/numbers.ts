import { places } from "../display/currency";

/**
 * A number as people write it, as plain decimal text; null when it is none. Grouping is taken where it stands in threes,
 * by the sign that the language groups with; the other of the two signs is the decimal one.
 */
export function plain(written: string, language: string): string | null {
  const group = language === "es" ? "." : ",";
  let text = written.trim().replace(/[\s\u00a0\u202f]/g, "");
  const grouped = new RegExp(`^[-+]?\\d{1,3}(\\${group}\\d{3})+([.,]\\d+)?$`);
  if (grouped.test(text)) text = text.replaceAll(group, "");
  text = text.replace(",", ".").replace("+", "");
  if (!/^-?\d+(\.\d+)?$/.test(text)) return null;
  const [whole = "", part = ""] = text.replace("-", "").split(".");
  const digits = whole.replace(/^0+(?=\d)/, "");
  const zero = /^0*$/.test(digits + part);
  return `${text.startsWith("-") && !zero ? "-" : ""}${digits}${part === "" ? "" : `.${part}`}`;
}

/** Minor units of what is written in a currency's unit, digit by digit; null for more digits than it has. */
export function minor(decimal: string, currency: string): number | null {
  const negative = decimal.startsWith("-");
  const [whole = "0", part = ""] = decimal.replace("-", "").split(".");
  const digits = places(currency);
  const kept = part.replace(/0+$/, "");
  if (kept.length > digits) return null;
  const amount = Number(whole + kept.padEnd(digits, "0"));
  return Number.isSafeInteger(amount) ? (negative ? -amount : amount) : null;
}

/** The other way: 1299 of USD is 12.99. */
export function major(amount: number, currency: string): string {
  const digits = places(currency);
  if (digits === 0) return String(amount);
  const text = String(Math.abs(amount)).padStart(digits + 1, "0");
  return `${amount < 0 ? "-" : ""}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
