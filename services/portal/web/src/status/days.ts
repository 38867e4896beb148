import type { Language } from "../texts/language";

const A_DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A promised day as a day, whatever the reader's zone is; a moment with its hour, in theirs. As it stands if neither. */
export function promised(language: Language, text: string): string {
  const isDay = A_DAY.test(text);
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  return new Intl.DateTimeFormat(language, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    ...(isDay ? { timeZone: "UTC" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  }).format(at);
}

/** When something happened: the day and the hour, in the reader's zone. */
export function happened(language: Language, at: string): string {
  return new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(new Date(at));
}
