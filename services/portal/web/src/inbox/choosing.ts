import { useCallback, useState } from "react";
import type { Task } from "./queries";

/** The most that are decided at once; the server holds to the same. */
export const MOST = 200;

export interface Choosing {
  /** Of those that are shown; what is gone is chosen no more. */
  tasks: readonly Task[];
  has: (id: string) => boolean;
  turn: (id: string) => void;
  /** All that are shown, or none. */
  turnAll: () => void;
  clear: () => void;
}

/** Which tasks of a list are chosen, to be decided together. */
export function useChoosing(rows: readonly Task[]): Choosing {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const open = rows.filter(one => one.closed_at === null);
  const tasks = open.filter(one => chosen.has(one.id));
  const turn = useCallback((id: string) => {
    setChosen(before => {
      const after = new Set(before);
      if (!after.delete(id) && after.size < MOST) after.add(id);
      return after;
    });
  }, []);
  const clear = useCallback(() => setChosen(new Set()), []);
  const all = open.slice(0, MOST);
  return {
    tasks,
    has: id => chosen.has(id),
    turn,
    turnAll: () => setChosen(new Set(tasks.length >= all.length ? [] : all.map(one => one.id))),
    clear,
  };
}
