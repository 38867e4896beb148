import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { api, body, Problem } from "../api/client";
import { type Session, sessionQuery } from "../api/queries";

/** The sign-in was good, and the browser did not keep what says so. */
export class CookieRefused extends Error {}

/** The session that has just begun. */
export async function begun(): Promise<Session> {
  try {
    return await body(api.GET("/portal/session"));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) throw new CookieRefused();
    throw error;
  }
}

/** Goes on to where the person wanted, whichever way they came in. */
export function useEntered(): (session: Session) => Promise<void> {
  const { to } = useSearch({ from: "/sign-in" });
  const queries = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  return async session => {
    // The way back leads here too, with what was read for whoever was signed in.
    queries.removeQueries({ predicate: query => query.queryKey[0] !== "brand" });
    queries.setQueryData(sessionQuery.queryKey, session);
    if (to) router.history.push(to);
    else await navigate({ to: "/" });
  };
}
