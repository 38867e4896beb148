import { expect, test } from "vitest";
import { CATALOGUE } from "../texts/texts";
import { deviceName } from "./deviceName";

const { en, es } = CATALOGUE;
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";

test.each([
  [`${MAC} Version/18.4 Safari/605.1.15`, "Safari on Mac"],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0",
    "Edge on Windows",
  ],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) Version/18.4 Mobile/15E148 Safari/604.1",
    "Safari on iPhone",
  ],
  [
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36",
    "Chrome on Android",
  ],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
  ["curl/8.0", "This device"],
])("%s", (agent, name) => {
  expect(deviceName(en, agent, [])).toBe(name);
});

test("a second one of the same kind has a name of its own", () => {
  const agent = `${MAC} Version/18.4 Safari/605.1.15`;
  expect(deviceName(en, agent, ["Safari on Mac"])).toBe("Safari on Mac 2");
  expect(deviceName(en, agent, ["Safari on Mac", "Safari on Mac 2"])).toBe("Safari on Mac 3");
  expect(deviceName(es, agent, ["Safari on Mac"])).toBe("Safari en Mac");
});
