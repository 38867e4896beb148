import { useQuery } from "@tanstack/react-query";
import type { Texts } from "../texts/en";
import { type Colleague, colleaguesQuery } from "./queries";

/** What somebody is called; null while nobody knows. */
export function useNameOf(): (account: string | null) => string | null {
  const { data } = useQuery(colleaguesQuery);
  return account => data?.find(one => one.id === account)?.name ?? null;
}

/** Roles that anybody has. */
export const rolesOf = (people: readonly Colleague[]): string[] =>
  [...new Set(people.flatMap(one => one.roles))].sort();

/** Whom a task can be given to: those with its role first, and who is away is named so. */
export function choicesFor(
  people: readonly Colleague[],
  role: string,
  but: readonly (string | null)[],
  texts: Texts,
): { group: string; items: { value: string; label: string }[] }[] {
  const rest = people.filter(one => !but.includes(one.id));
  const items = (has: boolean) =>
    rest
      .filter(one => one.roles.includes(role) === has)
      .map(one => ({
        value: one.id,
        label: texts.colleague(one.name ?? one.id, one.in_hand, one.away_until !== null),
      }));
  return [
    { group: texts.withRole(role), items: items(true) },
    { group: texts.withoutRole, items: items(false) },
  ].filter(one => one.items.length > 0);
}
