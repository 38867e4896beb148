import { expect, test } from "vitest";
import en from "./en";

const parts = import.meta.glob<{ default: Record<string, unknown> }>("./en-*.ts", { eager: true });

test("no part of the catalogue takes another's words", () => {
  const all: Record<string, unknown> = en;
  const names = Object.values(parts).flatMap(part => Object.keys(part.default));
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  for (const part of Object.values(parts)) {
    for (const [name, words] of Object.entries(part.default)) expect(all[name], name).toBe(words);
  }
});
