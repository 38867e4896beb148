import { Problem, Unreachable } from "../api/client";
import type { Texts } from "../texts/en";
import { CookieRefused } from "./entered";
import { PasskeyFailed, type Reason } from "./passkey";

/** Whether `error` is the problem of this name, or one whose name begins with it. */
export const isAbout = (error: Error | null, name: string): boolean =>
  error instanceof Problem && error.type.startsWith(`/problems/${name}`);

/** What to say of a failure that is nobody's mistake; null for any other. */
export function generalWords(texts: Texts, error: Error): string | null {
  if (error instanceof CookieRefused) return texts.cookieRefused;
  if (error instanceof Unreachable) return texts.unreachableBody;
  if (!(error instanceof Problem) || error.status >= 500) return texts.failedPlain;
  if (error.status === 429) return texts.signInLater(Math.ceil((error.retryAfter ?? 60) / 60));
  return null;
}

/** Why a new password was refused; null where it was not that. */
export function weakWords(texts: Texts, error: Error): string | null {
  if (!(error instanceof Problem) || error.status !== 422) return null;
  return texts.weak[error.reason ?? ""] ?? texts.weakPassword;
}

/** `of`: the words of what was tried. */
export function passkeyWords(texts: Texts, error: Error, of: Record<Reason, string>): string {
  if (error instanceof PasskeyFailed) return of[error.reason];
  return generalWords(texts, error) ?? texts.failedPlain;
}
