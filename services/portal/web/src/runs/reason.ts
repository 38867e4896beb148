import { useQuery } from "@tanstack/react-query";
import { api, body } from "../api/client";
import type { RunSummary } from "../api/queries";
import { human } from "../display/names";
import { clock } from "../display/time";
import type { Texts } from "../texts/en";
import type { Language } from "../texts/language";
import { useTexts } from "../texts/texts";

/** What the engine says of a run that stands still. */
export interface WaitingFor {
  kind: string;
  ref: string;
  since: string;
  reason: string;
}

/** Kinds whose reference is the id of a connection, which tells a person nothing: it is away, or runs are in line for it. */
const OF_CONNECTIONS = new Set(["connection", "slot", "quota", "manual", "playbook"]);

function waitingFor(run: RunSummary): WaitingFor | null {
  const found = run.waiting_for as Partial<WaitingFor> | null;
  if (!found?.kind) return null;
  return {
    kind: found.kind,
    ref: found.ref ?? "",
    since: found.since ?? run.created_at,
    reason: found.reason ?? "",
  };
}

/** Why an order was held, in a few words; null when it was not. */
export function heldBecause({ held }: RunSummary, texts: Texts): string | null {
  return held?.length ? held.map(kind => texts.holds[kind] ?? human(kind)).join(" · ") : null;
}

/** At which step an order was stopped by an error; null when it was not, or at none. */
export function failedAt({ failed_at }: RunSummary, texts: Texts): string | null {
  if (failed_at === "/input") return texts.atStep(texts.startNode);
  if (failed_at === "/output") return texts.atStep(texts.endNode);
  const step = failed_at?.split("/").at(-1);
  return step && !/^\d+$/.test(step) ? texts.atStep(human(step)) : null;
}

/** Names of the client's connections by id; empty for who may not see them. */
function useConnectionNames(wanted: boolean): Record<string, string> {
  const { data } = useQuery({
    queryKey: ["connections"],
    queryFn: () => body(api.GET("/v1/connections", { params: { query: { limit: 100 } } })),
    staleTime: 60_000,
    retry: false,
    enabled: wanted,
  });
  return Object.fromEntries((data?.items ?? []).map(({ id, name }) => [id, titled(name)]));
}

/** `erp` is an abbreviation, `web-shop` is not. */
function titled(name: string): string {
  return name.length <= 4 ? name.toUpperCase() : human(name);
}

/** Why a run stands still: a few words for a list, a sentence for its page; null while it moves. */
export function useReasons(wanted: boolean): (run: RunSummary) => { short: string; full: string } | null {
  const { texts, language } = useTexts();
  const names = useConnectionNames(wanted);
  return run => {
    const waiting = waitingFor(run);
    const next = run.next_attempt_at && clock(language, run.next_attempt_at, true);
    return waiting && reasonOf(waiting, next, names, texts, language);
  };
}

/** Told as a list and a page say it; `names` are those of connections by their ids. */
export function reasonOf(
  waiting: WaitingFor,
  next: string | null,
  names: Record<string, string>,
  texts: Texts,
  language: Language,
) {
  const time = clock(language, waiting.since);
  const reason = plain(waiting.reason);
  if (waiting.kind === "quarantine") {
    return { short: texts.quarantineShort, full: texts.waitingQuarantine(time) };
  }
  if (waiting.kind === "uncertain") {
    return { short: texts.uncertainShort, full: texts.waitingUncertain(time) };
  }
  if (OF_CONNECTIONS.has(waiting.kind)) {
    const host = waiting.ref.startsWith("con_") ? undefined : waiting.ref;
    const system = names[waiting.ref] ?? host ?? texts.theOtherSystem;
    if (waiting.kind === "manual" || waiting.kind === "playbook") {
      return { short: texts.waitingSince(system, time), full: texts.waitingPlaybook(system, reason, time) };
    }
    if (waiting.kind !== "connection") {
      return { short: texts.waitingSince(system, time), full: texts.waitingLine(system, reason, time) };
    }
    return {
      short: texts.waitingSince(system, time),
      full: texts.waitingConnection(capital(system), reason, time, next),
    };
  }
  // Its reference is a place in the document, and tells a person nothing.
  if (waiting.kind === "timer") {
    return { short: texts.waitingTimerShort(next), full: texts.waitingTimer(next) };
  }
  // Its reference is the id of the task, and tells a person nothing.
  if (waiting.kind === "person") {
    return { short: texts.waitingPersonShort, full: texts.waitingPerson(time) };
  }
  // Its reference is the id of the run that goes first, and tells a person nothing.
  if (waiting.kind === "key") {
    return { short: texts.waitingKeyShort, full: texts.waitingKey(reason, time) };
  }
  // Its reference is the order, which the page is about.
  if (waiting.kind === "hold") {
    return { short: texts.waitingHoldShort(time), full: texts.waitingHold(reason, time) };
  }
  if (waiting.kind === "event") {
    const event = texts.anEvent(/: (.+)$/.exec(reason)?.[1] ?? "");
    return {
      short: texts.waitingSince(event, time),
      full: texts.waitingEvent(event, time),
    };
  }
  const subject = waiting.ref || human(waiting.kind).toLowerCase();
  return {
    short: texts.waitingSince(subject, time),
    full: texts.waitingOther(subject, reason && `${reason}.`, time),
  };
}

/** Without what stands before it in the sentence already, and without its full stop. */
export function plain(reason: string): string {
  return reason.replace(/^The connection \S+ waits: /, "").replace(/[.\s]+$/, "");
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
