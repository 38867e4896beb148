import type { Schemas } from "../api/client";
import type { Connection } from "../connectors/queries";
import type { Field, FormView, Rule, Wrong } from "../form/view";
import type { Texts } from "../texts/en";

/** What is sent of whom it belongs to, what its calls are held to, and what is read in its place. */
export type Care = Required<Pick<Schemas["ConnectionChanges"], "owner" | "limits" | "fallback">>;

const LONGEST = 254;
const MOST_AT_ONCE = 1_000;
const MOST_CALLS = 100_000;
const DAY = 86_400;

/** `others`: connections with the same connector. `said`: the limits that the connector says, in words. */
export function careView(
  known: Connection,
  others: readonly Connection[],
  said: string,
  words: Texts["care"],
): FormView {
  const { at_once, rate } = known.limits;
  const choices = others.filter(one => one.id !== known.id).map(one => ({ const: one.id, title: one.name }));
  const number = { type: "integer", minimum: 1 } as const;
  const fields: Field[] = [
    field("owner", { title: words.owner, description: words.ownerHint, maxLength: LONGEST }),
    field(
      "at_once",
      { ...number, title: words.atOnce, description: words.atOnceHint(said), maximum: MOST_AT_ONCE },
      true,
    ),
    field("calls", { ...number, title: words.calls, description: words.callsHint, maximum: MOST_CALLS }),
    field("seconds", {
      type: "number",
      minimum: 1,
      title: words.seconds,
      description: words.secondsHint,
      maximum: DAY,
    }),
  ];
  if (choices.length > 0)
    fields.push(
      field("fallback", { title: words.fallback, description: words.fallbackHint, oneOf: choices }),
    );
  return {
    title: "",
    description: "",
    sections: [{ title: "", fields }],
    values: {
      owner: known.owner,
      at_once,
      calls: rate?.calls ?? null,
      seconds: rate?.seconds ?? null,
      fallback: known.fallback,
    },
  };
}

const field = (name: string, rule: Rule, is_required = false): Field => ({
  name,
  rule,
  is_writable: true,
  is_required,
  required_for: [],
  unit: null,
  look_up: null,
});

/** What the form says; a period without calls is wrong. Nothing is sent of what it does not ask for. */
export function careOf(
  values: Readonly<Record<string, unknown>>,
  words: Pick<Texts["care"], "callsNeeded">,
): { care: Partial<Care>; wrong: Wrong[] } {
  const { owner, at_once, calls, seconds, fallback } = values;
  if (typeof seconds === "number" && typeof calls !== "number")
    return { care: {}, wrong: [{ pointer: "/calls", detail: words.callsNeeded }] };
  const rate =
    typeof calls === "number" ? { calls, seconds: typeof seconds === "number" ? seconds : 1 } : null;
  const care: Partial<Care> = {
    owner: typeof owner === "string" ? owner.trim() || null : null,
    limits: { at_once: Number(at_once), rate },
  };
  if (fallback !== undefined) care.fallback = typeof fallback === "string" ? fallback : null;
  return { care, wrong: [] };
}

const PLACES: Readonly<Record<string, string>> = {
  "/limits/at_once": "/at_once",
  "/limits/rate/calls": "/calls",
  "/limits/rate/seconds": "/seconds",
};

/** The server's words at the fields of the form. */
export const placedCare = (errors: readonly Wrong[]): Wrong[] =>
  errors.map(({ pointer, detail }) => ({ pointer: PLACES[pointer] ?? pointer, detail }));
