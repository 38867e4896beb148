import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import { Actor } from "../deployments/Actor";
import { colleaguesQuery } from "../inbox/queries";
import { useTexts } from "../texts/texts";

const ACCOUNT = "account:";

/** Who did something to a hold: a run, a key or somebody, by name for who may know colleagues. */
export function By({ actor }: { actor: string }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: people } = useQuery({
    ...colleaguesQuery,
    enabled: session.permissions.includes("tasks:work"),
  });
  if (actor.startsWith("run:") || actor.startsWith("run_")) return texts.raisedByRun;
  const account = actor.startsWith(ACCOUNT) ? actor.slice(ACCOUNT.length) : null;
  const name = account === null ? null : people?.find(one => one.id === account)?.name;
  return name ? <bdi>{name}</bdi> : <Actor actor={actor} />;
}
