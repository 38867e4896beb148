import { expect, it } from "vitest";
import en from "../texts/en";
import es from "../texts/es";
import { reasonOf } from "./reason";

const ID = "con_01h455vb4pex5vsknk084sn02q";
const KINDS = [
  ...["connection", "slot", "quota", "manual", "playbook", "uncertain"],
  ...["quarantine", "timer", "key", "person", "hold", "event", "program"],
];
const waiting = (kind: string, ref: string) => ({
  kind,
  ref,
  since: "2026-01-01T10:00:00Z",
  reason: "its rate is used up",
});

it.each(KINDS)("a run that waits for %s is told of in words, and by no id of a connection", kind => {
  const ref = kind === "program" ? "" : ID;
  for (const texts of [en, es]) {
    for (const names of [{}, { [ID]: "ERP" }]) {
      const told = reasonOf(waiting(kind, ref), null, names, texts, "en");
      expect(told.short).not.toContain("con_");
      expect(told.full).not.toContain("con_");
    }
  }
});

it.each(["slot", "quota"])("a run in line for a connection's %s names the connection and the limit", kind => {
  const told = reasonOf(waiting(kind, ID), null, { [ID]: "ERP" }, en, "en");
  expect(told.short).toMatch(/^Waiting for ERP since /);
  expect(told.full).toMatch(/^In line for ERP since .+: its rate is used up\. It goes on by itself/);
});
