import type { useTexts } from "../texts/texts";
import type { Need } from "./queries";

/** A connector that would do, as people read it: none is named as proven that is not. */
export const choiceOf = (
  texts: ReturnType<typeof useTexts>["texts"],
  one: Need["connectors"][number],
): string => (one.level === "not certified" ? texts.notCertifiedOf(one.title) : one.title);
