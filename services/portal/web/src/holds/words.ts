import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import { human } from "../display/names";
import { colleaguesQuery } from "../inbox/queries";
import { generalWords, isAbout } from "../session/words";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import { typesQuery } from "./queries";

/** What a type is called: as the client says, or for those that are shipped in the reader's language. */
export function useTypeName(): (type: string) => string {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: types } = useQuery({
    ...typesQuery,
    enabled: session.permissions.includes("deployments:read"),
  });
  return type => {
    const said = types && !types.isShipped ? types.of.get(type)?.title : undefined;
    return said ?? texts.holdTypes[type] ?? human(type);
  };
}

/** Roles of whoever looks, as far as they may know colleagues. */
export function useOwnRoles(): readonly string[] {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: people } = useQuery({
    ...colleaguesQuery,
    enabled: session.permissions.includes("tasks:work"),
  });
  return people?.find(one => one.id === session.account.id)?.roles ?? [];
}

/** What a reason's code says. */
export const reasonWords = (texts: Texts, reason: string): string =>
  (Object.hasOwn(texts.holdReasons, reason) ? texts.holdReasons[reason] : undefined) ?? human(reason);

/** Why nothing was done about a hold. */
export function actWords(texts: Texts, error: Error): string {
  if (isAbout(error, "hold-not-yours")) return texts.holdNotYours(texts.refusalWords(error.message));
  if (isAbout(error, "hold-already-agreed")) return texts.holdAgreed;
  if (isAbout(error, "hold-closed")) return texts.holdClosed;
  if (isAbout(error, "hold-changed")) return texts.holdChanged;
  if (isAbout(error, "forbidden")) return texts.holdForbidden;
  return generalWords(texts, error) ?? texts.failedPlain;
}
