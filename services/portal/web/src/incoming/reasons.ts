import type { Texts } from "../texts/en";
import type { Received } from "./queries";

const PLACE = "/problems/";

/** Why a message was refused, in words. */
export function reason(texts: Texts, problem: string): string {
  const name = problem.startsWith(PLACE) ? problem.slice(PLACE.length) : "";
  const known: Readonly<Record<string, string>> = texts.refusedWhy;
  return known[name] ?? texts.refusedPlain;
}

/** What became of a message, in a line. */
export function became(texts: Texts, one: Received): string {
  const what =
    one.state === "refused"
      ? reason(texts, one.problem ?? "")
      : one.state === "ignored"
        ? texts.becameNothing
        : texts.becameEvent;
  return one.replays > 0 ? `${what}, ${texts.takenAgainTimes(one.replays)}` : what;
}
