import type { Language } from "../texts/language";
import { places } from "./currency";

/** Integer minor units with their ISO 4217 code, as the API writes money. */
export interface Money {
  amount: number;
  currency: string;
}

export function isMoney(value: unknown): value is Money {
  if (value === null || typeof value !== "object") return false;
  const { amount, currency, ...rest } = value as Record<string, unknown>;
  const coded = typeof currency === "string" && /^[A-Z]{3}$/.test(currency);
  return coded && Number.isInteger(amount) && Object.keys(rest).length === 0;
}

/** `$178.90`; the currency says how many digits its minor unit has. */
export function money(language: Language, { amount, currency }: Money): string {
  const digits = places(currency);
  try {
    const form = new Intl.NumberFormat(language, {
      style: "currency",
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    return form.format(amount / 10 ** digits);
  } catch {
    return `${amount} ${currency}`;
  }
}
