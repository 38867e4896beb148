import createClient from "openapi-fetch";
import { api, raise, replaced, timed } from "./client";
import type { paths } from "./schema.gen";

/** One environment of one client, as somebody of the partner's own looks at it. */
export interface Place {
  /** Its id or slug. */
  client: string;
  environment: string;
}

/** `/v1/deployments` of a place; every route of an environment has this longer form for those above the client. */
export const placed = ({ client, environment }: Place, path: string): string =>
  path.replace(/^\/v1\//, `/v1/clients/${encodeURIComponent(client)}/${encodeURIComponent(environment)}/`);

/** Calls the routes of an environment there; null: in the one that the session itself is of. */
export function apiAt(place: Place | null): typeof api {
  if (place === null) return api;
  // The client has no other place where every path comes by: its own serializer sees those with parameters alone.
  class There extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? placed(place as Place, input) : input, init);
    }
  }
  const there = createClient<paths>({ baseUrl: "/", credentials: "same-origin", Request: There });
  there.use(raise, replaced, timed);
  return there;
}

/** What keeps apart what was read in different places. */
export const keyOf = (place: Place | null): string => (place ? `${place.client}/${place.environment}` : "");
