import { expect, test } from "vitest";
import { idOf, plain, short, wanted } from "./wanted";

const RUN = "run_01h455vb4pex5vsknk084sn02q";

test("what is typed says by its form what it is", () => {
  expect(wanted({ find: RUN })).toEqual({ about: RUN });
  expect(wanted({ find: `account:${RUN.replace("run", "acc")}` })).toEqual({
    about: RUN.replace("run", "acc"),
  });
  expect(wanted({ find: "engine" })).toEqual({ actor: "engine" });
  expect(wanted({ find: " run.cancelled " })).toEqual({ action: "run.cancelled" });
  expect(wanted({ find: "peak" })).toEqual({ target: "peak" });
  expect(wanted({})).toEqual({});
});

test("days are whole, and the last one counts", () => {
  const asked = wanted({ since: "2026-01-31", until: "2026-01-31" });
  expect(new Date(asked.until ?? "").getTime() - new Date(asked.since ?? "").getTime()).toBe(86_400_000);
});

test("S-83: what could turn a text round is written out", () => {
  expect(plain("a\u202eb\r\n\u001b[31m")).toBe("a\\u202eb\\u000d\\u000a\\u001b[31m");
});

test("an id is told by its kind and its end", () => {
  expect(short(`account:${RUN}`)).toBe("run_…4sn02q");
  expect(short("peak")).toBe("peak");
  expect(idOf("peak")).toBeNull();
});
