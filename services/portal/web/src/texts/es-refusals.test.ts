import { expect, test } from "vitest";
import { refusalWords } from "./es-refusals";

test("what the API refuses is said in Spanish, with the names that it has", () => {
  expect(refusalWords("The role credit-manager decides this")).toBe("Esto lo decide el rol credit-manager");
  expect(refusalWords("No row is about amounts in EUR")).toBe("Ninguna regla trata de importes en EUR");
  expect(refusalWords("No row covers credit.release for USD 7")).toBe(
    "Ninguna regla cubre credit.release para USD 7",
  );
});

test("what nobody has put into Spanish stays as it came", () => {
  expect(refusalWords("Something else")).toBe("Something else");
});
