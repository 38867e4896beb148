import type { Language } from "../texts/language";

export const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `14:05`, with seconds where events lie close together. */
export function clock(language: Language, at: number | string, seconds = false): string {
  const form: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(language, seconds ? { ...form, second: "2-digit" } : form).format(
    new Date(at),
  );
}

/** In full, with the name of the time zone: for a hint. */
export function absolute(language: Language, at: number | string): string {
  const form: Intl.DateTimeFormatOptions = {
    weekday: "short",
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  };
  return new Intl.DateTimeFormat(language, form).format(new Date(at));
}

/** `3 min ago`; `justNow` below a minute, as it stays true for a while; from a day on the date. */
export function relative(language: Language, at: number | string, now: number, justNow: string): string {
  const then = new Date(at).getTime();
  const past = Math.max(0, now - then);
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
  if (past < MINUTE) return justNow;
  if (past < HOUR) return words.format(-Math.floor(past / MINUTE), "minute");
  if (past < DAY) return words.format(-Math.floor(past / HOUR), "hour");
  return new Intl.DateTimeFormat(language, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(then);
}

/** The latest moment up to `now` at which `relative` changes its words. */
export function sinceWords(at: number | string, now: number): number {
  const then = new Date(at).getTime();
  return then + Math.max(0, Math.floor((now - then) / MINUTE)) * MINUTE;
}

/** `312 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`: two parts at most. */
export function duration(language: Language, milliseconds: number): string {
  const number = (value: number, digits = 0) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(
      value,
    );
  const ms = Math.max(0, Math.round(milliseconds));
  if (ms < 1000) return `${number(ms)} ms`;
  if (ms < 10_000) return `${number(ms / 1000, 1)} s`;
  if (ms < MINUTE) return `${number(Math.floor(ms / 1000))} s`;
  if (ms < HOUR) return pair(Math.floor(ms / MINUTE), "min", Math.floor((ms % MINUTE) / 1000), "s", number);
  if (ms < DAY) return pair(Math.floor(ms / HOUR), "h", Math.floor((ms % HOUR) / MINUTE), "min", number);
  return pair(Math.floor(ms / DAY), "d", Math.floor((ms % DAY) / HOUR), "h", number);
}

function pair(
  big: number,
  unit: string,
  small: number,
  less: string,
  number: (value: number) => string,
): string {
  return small ? `${number(big)} ${unit} ${number(small)} ${less}` : `${number(big)} ${unit}`;
}

export function between(start: string, end: string | number): number {
  return new Date(end).getTime() - new Date(start).getTime();
}

/** Nothing for what took no time that could be told. */
export function lasting(language: Language, start: string, end: string | number): string {
  const milliseconds = between(start, end);
  return milliseconds < 1 ? "" : duration(language, milliseconds);
}
