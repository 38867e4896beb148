import { expect, it } from "vitest";
import { onlySimulated } from "./simulated";

const connections = [
  { id: "con_1", connector: "erp-simulator" },
  { id: "con_2", connector: "tryton" },
];

it("calls an order harmless only when each connection that is bound is known as a simulator's", () => {
  expect(onlySimulated([{ bindings: { erp: "con_1" } }], connections)).toBe(true);
  expect(onlySimulated([{ bindings: { erp: "con_1", shop: "con_2" } }], connections)).toBe(false);
  expect(onlySimulated([{ bindings: { erp: "con_1" } }, { bindings: { erp: "con_2" } }], connections)).toBe(
    false,
  );
  expect(onlySimulated([{ bindings: { erp: "con_3" } }], connections)).toBe(false);
  expect(onlySimulated([{ bindings: {} }], connections)).toBe(false);
  expect(onlySimulated([], connections)).toBe(false);
});
