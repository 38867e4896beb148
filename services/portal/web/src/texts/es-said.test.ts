import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { refusalWords } from "./es-refusals";

const ROOT = new URL("../../../../../", import.meta.url);
const source = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** Sentences for people in a part of a Python file: texts that begin with a capital and have several words. */
const sentences = (text: string): string[] =>
  [...text.matchAll(/"([A-Z][a-z]*(?: [^"\n]+))"/g)].map(([, one = ""]) => one);

const between = (text: string, from: string, to: string): string => {
  const [, rest = ""] = text.split(from);
  return rest.split(to)[0] ?? "";
};

test("whatever a form is refused for is said in Spanish", () => {
  const shapes = sentences(source("template_library/forms/shapes.py").replace(/"""[\s\S]*?"""/g, ""));
  const answers = [...source("template_library/forms/answers.py").matchAll(/"([A-Z][a-z][^"\n]+ [^"\n]+)"/g)]
    .map(([, one = ""]) => one.replace("{LARGEST}", "262144"))
    .filter(one => !one.endsWith("."));
  const all = [...shapes, ...answers];
  expect(all).toContain("Write a day such as 2026-03-31");
  expect(all).toContain("This is needed");
  expect(all.length).toBeGreaterThan(20);
  for (const one of all) expect(refusalWords(one), one).not.toBe(one);
});

test("so is why an exception did not take an act", () => {
  const categories = source("services/exceptions/categories.py");
  const all = [
    ...sentences(between(categories, "OTHERWISE: Final", "\n}")),
    ...sentences(between(categories, "ENDS: Final", "OTHERWISE: Final")).filter(
      one => !one.startsWith("What is"),
    ),
    ...[...source("services/exceptions/errors.py").matchAll(/title = "([^"]+)"/g)].map(([, one = ""]) => one),
  ];
  expect(all.length).toBe(8 + 3 + 4);
  for (const one of all) expect(refusalWords(one), one).not.toBe(one);
});

test.each([
  [
    "No sales order is known by this number: choose one that is found",
    "No se conoce ningún registro con este número: elija uno de los que se encuentran",
  ],
  ["5 is greater than the maximum of 3", "5 es mayor que el máximo de 3"],
  ["3 is less than or equal to the minimum of 3", "3 tiene que ser mayor que 3"],
  ['"ab" is longer than 1 character', '"ab" tiene más de 1 carácter'],
  ["[1] has less than 2 items", "[1] tiene menos de 2 elementos"],
  ['"soon" does not match "^P[0-9]$"', '"soon" no tiene la forma "^P[0-9]$"'],
  ['"x" is not of types "null", "integer"', '"x" no es vacío o un número entero'],
  ['"c" is not one of "a" or "b"', '"c" no es uno de "a" o "b"'],
  ['"$1 off" is not of type "integer"', '"$1 off" no es un número entero'],
  ["the workflow's connection `erp` is not bound", "la conexión `erp` del flujo de trabajo no tiene sistema"],
  [
    "the connector `tryton` of `east` does not offer erp.items.get, erp.items.find",
    "el conector `tryton` no ofrece erp.items.get, erp.items.find",
  ],
  ["the connection is disabled", "la conexión está desactivada"],
])("%s", (said, words) => expect(refusalWords(said)).toBe(words));
