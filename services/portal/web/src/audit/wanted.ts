import type { AuditFilter } from "../api/queries";

export interface Wanted {
  about?: string;
  actor?: string;
  action?: string;
  target?: string;
  since?: string;
  until?: string;
}

const ID = /^[a-z]{2,16}_[0-9a-z]{26}$/;
const ACTOR = /^(account|acting|key|cli):|^(pseudonym:|engine$|schedule$)/;
const ACTION = /^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/;
const NOT_SEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** What the server is asked for: what is typed says by its form what it is. */
export function wanted({ find, since, until }: AuditFilter): Wanted {
  return {
    ...(find ? found(find.trim()) : {}),
    ...(since ? { since: midnight(since, 0) } : {}),
    ...(until ? { until: midnight(until, 1) } : {}),
  };
}

function found(text: string): Wanted {
  const inside = idOf(text);
  if (inside) return { about: inside };
  if (ACTOR.test(text)) return { actor: text };
  if (ACTION.test(text)) return { action: text };
  return { target: text };
}

/** The day's beginning where the reader is; `later` days on. */
function midnight(day: string, later: number): string {
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + later);
  return at.toISOString();
}

/** The id in `run_…` and in `account:acc_…`; null where there is none. */
export function idOf(text: string): string | null {
  const id = text.slice(text.indexOf(":") + 1);
  return ID.test(id) ? id : null;
}

/** Enough of an id to tell it from its neighbours: its kind and its end. */
export function short(text: string): string {
  const id = idOf(text);
  if (!id) return text;
  return `${id.slice(0, id.indexOf("_") + 1)}…${id.slice(-6)}`;
}

/** A text without what could turn it round or hide in it: such characters are written out. */
export function plain(text: string): string {
  return text.replace(NOT_SEEN, sign => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}
