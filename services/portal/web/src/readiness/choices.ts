import type { useTexts } from "../texts/texts";
import type { Need } from "./queries";

/** The connectors that would do, as people read them: none is named as proven that is not. */
export function choicesOf(texts: ReturnType<typeof useTexts>["texts"], need: Need): string {
  return need.connectors
    .map(one => (one.level === "not certified" ? texts.notCertifiedOf(one.title) : one.title))
    .join(", ");
}
