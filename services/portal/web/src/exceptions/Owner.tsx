import { NativeSelect } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import { human } from "../display/names";
import { rolesOf } from "../inbox/colleagues";
import { colleaguesQuery } from "../inbox/queries";
import { useTexts } from "../texts/texts";

interface Props {
  me: string;
  owner: string;
  set: (owner: string) => void;
  /** It has to be somebody who is known. */
  must?: boolean;
}

/** Whose they are to be: oneself, nobody, a role or a colleague; of who may not know those, a role by its name. */
export function Owner({ me, owner, set, must }: Props) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: people } = useQuery({
    ...colleaguesQuery,
    enabled: session.permissions.includes("tasks:work"),
  });
  const roles = rolesOf(people ?? []).map(one => ({ value: `role:${one}`, label: human(one) }));
  const others = (people ?? [])
    .filter(one => one.id !== me)
    .map(one => ({ value: `account:${one.id}`, label: one.name ?? one.id }));
  return (
    <NativeSelect
      mt={12}
      label={texts.assignTo}
      value={owner}
      onChange={event => set(event.currentTarget.value)}
      data={[
        { value: `account:${me}`, label: texts.assignees.me },
        ...(must ? [] : [{ value: "", label: texts.assignees.nobody }]),
        ...(roles.length > 0 ? [{ group: texts.assignees.roles, items: roles }] : []),
        ...(others.length > 0 ? [{ group: texts.assignees.people, items: others }] : []),
        ...(must ? [] : [{ value: "role", label: texts.assignees.role }]),
      ]}
      data-autofocus
    />
  );
}
