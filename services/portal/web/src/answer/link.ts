import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "../api/client";

export type LinkedTask = Schemas["LinkedTask"];
export type LinkedAsk = Schemas["LinkedAsk"];

/** The link's text: of the address, from where it is taken, or of this window, which it outlives no reload without. */
export function takeToken(page: "/answer" | "/status"): string {
  const kept = `${page.slice(1)}-link`;
  const given = location.hash.slice(1);
  if (!given) return sessionStorage.getItem(kept) ?? "";
  sessionStorage.setItem(kept, given);
  // The text is not for the history of the browser.
  history.replaceState(history.state, "", page);
  return given;
}

export const byLink = (token: string) => ({ headers: { "x-link": token } });

export const linkedQuery = (token: string) =>
  queryOptions({
    queryKey: ["linked", token],
    queryFn: () => body(api.GET("/portal/link", byLink(token))),
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    enabled: token !== "",
  });
