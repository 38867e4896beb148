import { useEffect, useRef, useState } from "react";
import type { Client, Passkey } from "../api/queries";

/**
 * What somebody was about to do when they left to prove who they are at a provider. It is kept in this tab, for this
 * account and for as long as the way back counts, and is done when they are back; it holds no password.
 */
export type Act =
  | { kind: "act-as"; client: Client; environment: string; minutes: number; reason: string }
  | { kind: "add-passkey"; name: string }
  | { kind: "remove-passkey"; passkey: Passkey }
  | { kind: "set-up-factor" }
  | { kind: "remove-factor" };

interface Kept {
  id: string;
  account: string;
  until: number;
  act: Act;
}

const PLACE = "act";
const PARAMETER = "resume";
const MINUTES_10 = 600_000;

/** Keeps it; answers the path to come back to. */
export function keepAct(account: string, act: Act): string {
  const kept: Kept = { id: crypto.randomUUID(), account, until: Date.now() + MINUTES_10, act };
  sessionStorage.setItem(PLACE, JSON.stringify(kept));
  return `${location.pathname}?${PARAMETER}=${kept.id}`;
}

/** What was kept, once: only the address that was come back to names it, so that no reload does it again. */
function taken(): Kept | null {
  const id = new URLSearchParams(location.search).get(PARAMETER);
  if (id === null) return null;
  const text = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  history.replaceState(history.state, "", location.pathname);
  try {
    const kept = JSON.parse(text ?? "null") as Kept | null;
    return kept?.id === id && kept.until > Date.now() ? kept : null;
  } catch {
    return null;
  }
}

let waiting = taken();

/** The act of this kind that `account` came back to do; null for none. */
export function useResumed<K extends Act["kind"]>(
  kind: K,
  account: string,
): Extract<Act, { kind: K }> | null {
  const [found] = useState(() =>
    waiting?.act.kind === kind && waiting.account === account ? waiting.act : null,
  );
  useEffect(() => {
    if (found) waiting = null;
  }, [found]);
  return found as Extract<Act, { kind: K }> | null;
}

/** Does it when the page is there, and once. */
export function useAtOnce(yes: boolean, act: () => void): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (!yes || isDone.current) return;
    isDone.current = true;
    act();
  }, [yes, act]);
}
