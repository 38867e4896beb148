import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import { human } from "../display/names";
import { colleaguesQuery } from "../inbox/queries";
import { useTexts } from "../texts/texts";
import { systemsQuery } from "./queries";
import type { By } from "./shown";

/** What a value of each group is called, as far as who looks may know. */
export function useNames(): (by: By, value: string | null) => string {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const may = (permission: string) => (session.permissions as readonly string[]).includes(permission);
  const { data: systems } = useQuery({ ...systemsQuery, enabled: may("connections:read") });
  const { data: people } = useQuery({ ...colleaguesQuery, enabled: may("tasks:work") });
  return (by, value) => {
    if (value === null) return by === "owner" ? texts.nobodys : texts.noGroup[by];
    if (by === "category") {
      return texts.exceptionCategories[value as keyof typeof texts.exceptionCategories] ?? value;
    }
    if (by === "system") return systems?.get(value) ?? value;
    if (by === "kind" || by === "stage") return human(value);
    if (by !== "owner") return value;
    if (value.startsWith("role:")) return human(value.slice("role:".length));
    const account = value.slice("account:".length);
    return people?.find(one => one.id === account)?.name ?? texts.someOwner;
  };
}
