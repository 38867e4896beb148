import { useEffect, useRef, useState } from "react";
import type { Schemas } from "../api/client";
import type { Client, Passkey } from "../api/queries";

/** What is done with an endpoint that is there. */
export type EndpointAct = "enable" | "disable" | "rotate" | "remove";

/**
 * What somebody was about to do when they left to prove who they are at a provider. It is kept in this tab, for this
 * account and for as long as the way back counts, and is done when they are back; it holds no password.
 */
export type Act =
  | { kind: "act-as"; client: Client; environment: string; minutes: number; reason: string }
  | { kind: "add-passkey"; name: string }
  | { kind: "remove-passkey"; passkey: Passkey }
  | { kind: "add-endpoint"; url: string; types: string; description: string }
  | { kind: "endpoint"; endpoint: string; what: EndpointAct }
  | { kind: "authorize"; connection: string }
  | { kind: "enable-connection"; connection: string }
  | { kind: "care"; connection: string; care: Schemas["ConnectionChanges"] }
  | { kind: "set-absence"; wish: Schemas["OwnAbsence"] }
  | { kind: "override-hold"; hold: string; why: string }
  | { kind: "connect"; connector: string; name: string; settings: Record<string, unknown> }
  | { kind: "set-up-factor" }
  | { kind: "remove-factor" };

interface Kept {
  id: string;
  account: string;
  until: number;
  act: Act;
}

/** `failed`: the problem that the proof came back with, where it failed; then the act waits for the person. */
export type Resumed<K extends Act["kind"] = Act["kind"]> = Extract<Act, { kind: K }> & {
  failed: string | null;
};

const PLACE = "act";
const PARAMETER = "resume";
const FAILED = "failed";
const MINUTES_10 = 600_000;

/** Keeps it; answers the path to come back to. */
export function keepAct(account: string, act: Act): string {
  const kept: Kept = { id: crypto.randomUUID(), account, until: Date.now() + MINUTES_10, act };
  sessionStorage.setItem(PLACE, JSON.stringify(kept));
  return `${location.pathname}?${PARAMETER}=${kept.id}`;
}

/** What was kept, once: only the address that was come back to names it, so that no reload does it again. */
function taken(): (Kept & { act: Resumed }) | null {
  const search = new URLSearchParams(location.search);
  const id = search.get(PARAMETER);
  if (id === null) return null;
  const text = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  history.replaceState(history.state, "", location.pathname);
  try {
    const kept = JSON.parse(text ?? "null") as Kept | null;
    if (kept?.id !== id || kept.until <= Date.now()) return null;
    return { ...kept, act: { ...kept.act, failed: search.get(FAILED) } };
  } catch {
    return null;
  }
}

let waiting = taken();

/** The act of this kind that `account` came back to do; null for none. */
export function useResumed<K extends Act["kind"]>(kind: K, account: string): Resumed<K> | null {
  const [found] = useState(() =>
    waiting?.act.kind === kind && waiting.account === account ? waiting.act : null,
  );
  useEffect(() => {
    if (found) waiting = null;
  }, [found]);
  return found as Resumed<K> | null;
}

/** Does what was come back to when the page is there, and once; not after a proof that failed. */
export function useAtOnce(resumed: Resumed | null, act: () => void): void {
  const isDone = useRef(false);
  const yes = resumed !== null && resumed.failed === null;
  useEffect(() => {
    if (!yes || isDone.current) return;
    isDone.current = true;
    act();
  }, [yes, act]);
}
