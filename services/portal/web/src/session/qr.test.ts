import { expect, test } from "vitest";
import { picture } from "./qr";

const CORNER = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"];

test("an address of a key is a square with the three corners that cameras look for", () => {
  const rows = picture(
    "otpauth://totp/Harbor:ann@harbor.example?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=Harbor",
  );
  const drawn = rows?.map(row => row.map(dark => (dark ? "#" : ".")).join("")) ?? [];
  expect(drawn).toHaveLength(37);
  expect(drawn.every(row => row.length === 37)).toBe(true);
  expect(drawn.slice(0, 7).map(row => row.slice(0, 7))).toEqual(CORNER);
  expect(drawn.slice(0, 7).map(row => row.slice(-7))).toEqual(CORNER);
  expect(drawn.slice(-7).map(row => row.slice(0, 7))).toEqual(CORNER);
});

test("what no sheet holds is none", () => {
  expect(picture("x".repeat(5000))).toBeNull();
});
