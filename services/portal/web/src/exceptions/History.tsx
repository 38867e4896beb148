import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import { Actor } from "../deployments/Actor";
import { human } from "../display/names";
import { absolute, relative } from "../display/time";
import classes from "../inbox/History.module.css";
import { colleaguesQuery } from "../inbox/queries";
import { useTexts } from "../texts/texts";
import type { Detail } from "./queries";
import { useNames } from "./useNames";

/** Who did what with it, the oldest first. */
export function History({ one, now }: { one: Detail; now: number }) {
  const { texts, language } = useTexts();
  const nameOf = useNames();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: people } = useQuery({
    ...colleaguesQuery,
    enabled: session.permissions.includes("tasks:work"),
  });
  const named = (actor: string) => {
    const account = actor.startsWith("account:") ? actor.slice("account:".length) : null;
    return account === null ? null : (people?.find(person => person.id === account)?.name ?? null);
  };
  return (
    <section aria-label={texts.taskHistory}>
      <h2 className={classes.title}>{texts.taskHistory}</h2>
      <ol className={classes.lines}>
        {one.history.map(act => (
          <li key={`${act.at} ${act.action}`} className={classes.line}>
            <span className={classes.what}>
              {texts.exceptionDone[act.action] ?? human(act.action)}
              {act.by !== "engine" && (
                <span className={classes.quiet}>
                  {" "}
                  {named(act.by) ? <bdi>{named(act.by)}</bdi> : <Actor actor={act.by} />}
                </span>
              )}
              {act.action === "assigned" && (
                <span className={classes.quiet}>
                  {" → "}
                  <bdi>{nameOf("owner", act.owner)}</bdi>
                </span>
              )}
            </span>
            <time className={classes.quiet} dateTime={act.at} title={absolute(language, act.at)}>
              {relative(language, act.at, now, texts.justNow)}
            </time>
            {act.words && (
              <p className={classes.words} dir="auto">
                {act.words}
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
