import createClient, { type Middleware } from "openapi-fetch";
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

  constructor(status: number, body: Partial<ProblemBody>, retryAfter: number | null) {
    super(body.detail ?? body.title ?? `status ${status}`);
    this.status = status;
    this.type = body.type ?? "about:blank";
    this.title = body.title ?? "";
    this.id = body.request_id ?? null;
    this.reason = body.errors?.[0]?.reason ?? null;
    this.retryAfter = retryAfter;
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

const raise: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError() {
    return new Unreachable("no answer");
  },
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(raise);

/** The body of an answer; failures were raised before. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) throw new Problem(502, { title: "An answer without a body" }, null);
  return data;
}
