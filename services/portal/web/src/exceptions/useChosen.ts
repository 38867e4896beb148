import { useState } from "react";
import { ACTS, type Action, type Exception } from "./queries";

/** The most that are acted on at once; the server holds to the same. */
export const MOST = 200;

export interface Chosen {
  /** Of those that are shown; what is gone is chosen no more. */
  ids: readonly string[];
  /** Not those alone that are shown, but all that the filter finds. */
  all: boolean;
  /** What any of them takes. */
  acts: readonly Action[];
  has: (id: string) => boolean;
  turn: (id: string) => void;
  turnAll: () => void;
  takeAll: () => void;
  clear: () => void;
}

/** Which exceptions of the list are chosen, to be acted on together. */
export function useChosen(rows: readonly Exception[]): Chosen {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const found = rows.filter(one => chosen.has(one.id));
  const most = rows.slice(0, MOST);
  const set = (ids: Iterable<string>) => {
    setAll(false);
    setChosen(new Set(ids));
  };
  return {
    ids: found.map(one => one.id),
    all: all && found.length > 0,
    acts: ACTS.filter(act => all || found.some(one => one.actions.includes(act))),
    has: id => chosen.has(id),
    turn: id => {
      const after = new Set(found.map(one => one.id));
      if (!after.delete(id) && after.size < MOST) after.add(id);
      set(after);
    },
    turnAll: () => set(found.length >= most.length ? [] : most.map(one => one.id)),
    takeAll: () => setAll(true),
    clear: () => set([]),
  };
}
