import { api, body, type Schemas } from "./client";
import type { Sample } from "./queries";

/** Every `*` in a string becomes the same fresh digits, so that each sample is an order of its own. */
export function filled(value: unknown, digits: string): unknown {
  if (typeof value === "string") return value.replaceAll("*", digits);
  if (Array.isArray(value)) return value.map(item => filled(item, digits));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, digits)]));
  }
  return value;
}

/** Send the sample as a new event; it starts the runs that the answer names. */
export async function sendSample(sample: Sample): Promise<Schemas["AcceptedEvent"]> {
  const digits = String(Date.now()).slice(-8);
  const event = { ...(filled(sample.event, digits) as object), id: crypto.randomUUID() };
  return body(
    api.POST("/v1/events", {
      params: {},
      headers: { "content-type": "application/cloudevents+json" },
      body: event as never,
    }),
  );
}
