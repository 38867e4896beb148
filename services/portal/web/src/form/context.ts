import { createContext, use } from "react";
import type { LookUp } from "./view";

/** Something that was found elsewhere: what is kept of it, and what people call it. */
export interface Found {
  value: string;
  title: string;
}

/** What fields need from the page that they stand on. */
export interface Surroundings {
  /** Before every id of this form. */
  id: string;
  /** What is wrong, by pointer. */
  wrong: ReadonlyMap<string, string>;
  /** Of the task, that a field may name. */
  documents: readonly { id: string; name: string }[];
  /** Finds values for a field that is looked up; null: what is known is typed in. */
  search: ((lookUp: LookUp, text: string, field: string) => Promise<readonly Found[]>) | null;
}

const Context = createContext<Surroundings | null>(null);

export const SurroundingsProvider = Context.Provider;

export function useSurroundings(): Surroundings {
  const found = use(Context);
  if (!found) throw new Error("there is no form above this field");
  return found;
}

/** The element that a pointer leads to. */
export const idOf = (form: string, pointer: string): string => form + pointer.replaceAll("/", "-");
