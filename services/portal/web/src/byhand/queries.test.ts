import { expect, test } from "vitest";
import { stepOf } from "./queries";

/** As the server holds to it. */
const STEP = /^[a-z0-9]([.-]?[a-z0-9]){0,99}$/;

test("whatever a step is called makes a word that the server takes", () => {
  expect(stepOf("createSale")).toBe("create-sale");
  expect(stepOf("order.ship -- now")).toBe("order.ship-now");
  expect(stepOf("价格")).toBe("work");
  for (const name of ["-a-", "a.-b", "a..b", `${"x".repeat(99)}-y`, "Prüfen & buchen", ""]) {
    expect(stepOf(name)).toMatch(STEP);
  }
});
