import { api, body, Problem, type Schemas } from "../api/client";
import { creationOptions, requestOptions, sent } from "./webauthn";

/** Why a device gave nothing, or the server did not take what it gave. */
export type Reason = "cancelled" | "refused" | "unsupported" | "unfit" | "known";

export class PasskeyFailed extends Error {
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(`passkey: ${reason}`);
    this.reason = reason;
  }
}

/** What the browser calls it, and what it means to the person. Whatever else it calls it, nothing was given. */
const REASONS: Record<string, Reason> = {
  InvalidStateError: "known",
  ConstraintError: "unfit",
  NotSupportedError: "unfit",
  SecurityError: "unsupported",
};

/** Whether this browser can ask a device at all; it cannot where the address is without TLS. */
export const knowsPasskeys = (): boolean =>
  typeof PublicKeyCredential !== "undefined" && typeof navigator.credentials !== "undefined";

/** The person chooses a passkey of this host, and the device signs. */
export async function enterByPasskey(): Promise<void> {
  check();
  const { options } = await body(api.POST("/portal/passkey-session/ask"));
  const credential = await device(signal =>
    navigator.credentials.get({ publicKey: requestOptions(options), signal }),
  );
  await taken(api.POST("/portal/passkey-session", { body: { credential } }));
}

/** One of the person's own signs that it is they, again. */
export async function proveByPasskey(): Promise<void> {
  check();
  const { options } = await body(api.POST("/portal/passkeys/proof/ask"));
  const credential = await device(signal =>
    navigator.credentials.get({ publicKey: requestOptions(options), signal }),
  );
  await taken(api.POST("/portal/passkeys/proof", { body: { credential } }));
}

/** The device makes a key for this host and account. */
export async function addPasskey(name: string): Promise<Schemas["PasskeyView"]> {
  check();
  const { options } = await body(api.POST("/portal/passkeys/ask"));
  const credential = await device(signal =>
    navigator.credentials.create({ publicKey: creationOptions(options), signal }),
  );
  return taken(body(api.POST("/portal/passkeys", { body: { name, credential } })));
}

let asking = new AbortController();

/** Nobody waits for the device any more. */
export const stopAsking = (): void => asking.abort();

async function device(ask: (signal: AbortSignal) => Promise<Credential | null>) {
  stopAsking();
  asking = new AbortController();
  let given: Credential | null;
  try {
    given = await ask(asking.signal);
  } catch (error) {
    throw new PasskeyFailed(REASONS[error instanceof Error ? error.name : ""] ?? "cancelled");
  }
  if (given === null) throw new PasskeyFailed("cancelled");
  return sent(given as PublicKeyCredential);
}

function check(): void {
  if (!knowsPasskeys()) throw new PasskeyFailed("unsupported");
}

async function taken<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && error.type.endsWith("/passkey-refused"))
      throw new PasskeyFailed("refused");
    throw error;
  }
}
