import { expect, test } from "vitest";
import { promised } from "./days";

test("a promised day is that day in every zone", () => {
  expect(promised("en", "2026-03-04")).toBe("Wednesday, March 4, 2026");
  expect(promised("es", "2026-03-04")).toBe("miércoles, 4 de marzo de 2026");
});

test("what is no day stands as it is", () => {
  expect(promised("en", "soon")).toBe("soon");
});
