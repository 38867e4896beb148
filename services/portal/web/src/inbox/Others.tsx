import { useQuery } from "@tanstack/react-query";
import { useTexts } from "../texts/texts";
import classes from "./Others.module.css";
import { type Colleague, colleaguesQuery, type TaskView } from "./queries";

const SHOWN = 5;

/** Who else may take it: those with its role, the least in hand first. */
export function Others({ task, me }: { task: TaskView; me: string }) {
  const { texts } = useTexts();
  const { data } = useQuery(colleaguesQuery);
  if (!data || task.closed_at !== null || task.role === "") return null;
  const others = mayTake(data, task.role, me);
  const names = others.slice(0, SHOWN).map(one => one.name ?? one.id);
  return (
    <p className={classes.others}>
      {others.length === 0 ? (
        texts.nobodyElse(task.role)
      ) : (
        <>
          {task.yours ? texts.alsoFor : texts.onlyFor} <bdi>{names.join(", ")}</bdi>
          {others.length > SHOWN && ` ${texts.andMore(others.length - SHOWN)}`}
        </>
      )}
    </p>
  );
}

/** Who is away takes nothing; whoever acts for them does, if they are here. */
export function mayTake(people: readonly Colleague[], role: string, me: string): Colleague[] {
  const has = people.filter(one => one.roles.includes(role));
  const acting = new Set(has.flatMap(one => (one.away_until && one.substitute ? [one.substitute] : [])));
  return people
    .filter(one => one.id !== me && !one.away_until && (one.roles.includes(role) || acting.has(one.id)))
    .toSorted((one, other) => one.in_hand - other.in_hand);
}
