import { expect, test } from "vitest";
import { refusalWords } from "./es-refusals";

test("what the API refuses is said in Spanish, with the names that it has", () => {
  expect(refusalWords("The role credit-manager decides this")).toBe("Esto lo decide el rol credit-manager");
  expect(refusalWords("No row is about amounts in EUR")).toBe("Ninguna regla trata de importes en EUR");
  expect(refusalWords("No row covers credit.release for USD 7")).toBe(
    "Ninguna regla cubre credit.release para USD 7",
  );
  expect(
    refusalWords("No row covers credit.release for 7.00 USD, a margin of 3 percent, the site north"),
  ).toBe("Ninguna regla cubre credit.release para 7.00 USD, un margen del 3 %, la sede north");
  expect(refusalWords("Several rows cover price.release for such a case")).toBe(
    "Varias reglas cubren price.release para un caso así",
  );
  expect(refusalWords("2 more with the role credit-manager must agree")).toBe(
    "Falta la conformidad de 2 más con el rol credit-manager",
  );
  expect(
    refusalWords(
      "Sign in to the portal: no key decides about credit.release, nor does who acts for a client",
    ),
  ).toBe(
    "Inicie sesión en el portal: ninguna clave decide sobre credit.release, ni quien actúa por un cliente",
  );
  expect(
    refusalWords(
      "Nobody has said yet who decides about price.release: set the environment's authority first",
    ),
  ).toBe("Nadie ha indicado aún quién decide sobre price.release: defina primero la autoridad del entorno");
});

test("what nobody has put into Spanish stays as it came", () => {
  expect(refusalWords("Something else")).toBe("Something else");
});
