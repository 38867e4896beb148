import { useEffect, useRef } from "react";
import { create } from "../api/signal";

/** A letter or a sign alone; who speaks to the machine may say one by chance (WCAG 2.1.4). */
const KEPT = "single-keys";

const stored = (): boolean => {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
};

/** Whether single letters and signs do something. */
export const singleKeys = create(stored());

export function keepSingleKeys(on: boolean): void {
  singleKeys.set(on);
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {
    // Storage is closed to this page: chosen for this visit.
  }
}

/** What keys do on the page that is open, beside those of every page: for the help on them. */
export const pageKeys = create<readonly [string, string[]][]>([]);

/** Says in the help what keys do while this page is open. `rows` stay the same from one drawing to the next. */
export function usePageKeys(rows: readonly [string, string[]][]): void {
  useEffect(() => {
    pageKeys.set(rows);
    return () => pageKeys.set([]);
  }, [rows]);
}

type Keys = Record<string, (event: KeyboardEvent) => void>;

/** Single keys for the whole page; silent while somebody types, holds a modifier or has a dialog before them. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key.length === 1 && !singleKeys.get()) return;
      const target = event.target as HTMLElement | null;
      if (target?.closest("input, textarea, select, [contenteditable], [role=menu], [role=dialog]")) return;
      const act = latest.current[event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}
