import type { Language } from "../texts/language";

/** `2026-01-31` → `Jan 31, 2026`: a day of no time zone. */
export const dayWords = (language: Language, day: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }).format(
    new Date(`${day}T00:00:00Z`),
  );
