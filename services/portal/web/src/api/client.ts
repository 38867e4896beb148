import createClient, { type Middleware } from "openapi-fetch";
import { settle, type Taken, take } from "./attention";
import type { components, paths } from "./schema.gen";

export type Schemas = components["schemas"];
export type ProblemBody = Schemas["Problem"];

/** An answer that is no success, with what the server said of it. */
export class Problem extends Error {
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly id: string | null;
  /** Which of its field's rules the first error is about, where it has several. */
  readonly reason: string | null;
  readonly retryAfter: number | null;
  /** What is wrong and where, as JSON pointers into what was sent. */
  readonly errors: readonly { pointer: string; detail: string }[];

  constructor(status: number, body: Partial<ProblemBody>, retryAfter: number | null) {
    super(body.detail ?? body.title ?? `status ${status}`);
    this.status = status;
    this.type = body.type ?? "about:blank";
    this.title = body.title ?? "";
    this.id = body.request_id ?? null;
    this.reason = body.errors?.[0]?.reason ?? null;
    this.retryAfter = retryAfter;
    this.errors = (body.errors ?? []).map(one => ({ pointer: one.pointer ?? "", detail: one.detail ?? "" }));
  }
}

/** The network gave no answer: nothing is known of the request's effect. */
export class Unreachable extends Error {}

async function problemOf(response: Response): Promise<Problem> {
  const wait = Number(response.headers.get("retry-after"));
  let body: Partial<ProblemBody> = {};
  try {
    body = (await response.json()) as Partial<ProblemBody>;
  } catch {
    // No problem details, as from a proxy: the status has to do.
  }
  const id = body.request_id ?? response.headers.get("request-id");
  return new Problem(response.status, id ? { ...body, request_id: id } : body, wait > 0 ? wait : null);
}

export const raise: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError() {
    return new Unreachable("no answer");
  },
};

/** How long after a 401 it is asked once more: another tab may be putting a new session in the place of ours. */
const ANOTHER_SECOND_LOOK = 400;
/** Requests that may put another session in the place of this one, such as a proof: the old one ends before they do. */
const replacing = new Map<string, { over: Promise<void>; end: () => void }>();

function begins(id: string): void {
  let end = () => {};
  const over = new Promise<void>(done => {
    end = done;
  });
  replacing.set(id, { over, end });
}

function ends(id: string): void {
  replacing.get(id)?.end();
  replacing.delete(id);
}

/** What is read while its session is replaced is read again with the new one; only the second 401 says that it ended. */
export const replaced: Middleware = {
  onRequest({ request, schemaPath, id }) {
    if (request.method !== "GET" && schemaPath.startsWith("/portal/")) begins(id);
  },
  async onResponse({ request, response, id }) {
    ends(id);
    if (request.method !== "GET" || response.status !== 401) return undefined;
    if (replacing.size) await Promise.all([...replacing.values()].map(one => one.over));
    else await new Promise(done => setTimeout(done, ANOTHER_SECOND_LOOK));
    return fetch(new Request(request));
  },
  onError({ id }) {
    ends(id);
  },
};

const ACTIVE = "Active-Seconds";
/** What the requests that are not answered yet tell of. */
const told = new Map<string, Taken>();

/**
 * Tells how long somebody was at it with whatever they do in an environment, and each second once: what the server did
 * not count, as of a preview or of what it refused, is told with the next act. Without an answer nobody knows.
 */
export const timed: Middleware = {
  onRequest({ request, schemaPath, id }) {
    if (request.method === "GET" || !schemaPath.startsWith("/v1/")) return;
    const taken = take();
    // What passed is told already by one that is under way: of this one nobody knows, and nothing is not how long it took.
    if (taken === null || (taken.seconds === 0 && told.size > 0)) return;
    told.set(id, taken);
    request.headers.set(ACTIVE, String(taken.seconds));
  },
  onResponse({ response, id }) {
    const taken = told.get(id);
    if (taken) settle(taken, Number(response.headers.get(ACTIVE)));
    told.delete(id);
  },
  onError({ id }) {
    told.delete(id);
  },
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
// The last that is used hears an answer first.
api.use(raise, replaced, timed);

/** The body of an answer; failures were raised before. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) throw new Problem(502, { title: "An answer without a body" }, null);
  return data;
}
