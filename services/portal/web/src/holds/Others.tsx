import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { human } from "../display/names";
import classes from "../inbox/History.module.css";
import { useTexts } from "../texts/texts";
import { standingQuery } from "./queries";
import { reasonWords, useTypeName } from "./words";

interface Props {
  order: string;
  customer: string | null;
  /** The hold that the page is about. */
  but: string;
}

/** All other holds that keep the order, those on its customer as well. */
export function Others({ order, customer, but }: Props) {
  const { texts } = useTexts();
  const typeOf = useTypeName();
  const { data: standing } = useQuery(standingQuery(order, customer));
  if (!standing) return null;
  const others = standing.holds.filter(one => one.id !== but);
  return (
    <section aria-label={texts.elseHeld}>
      <h2 className={classes.title}>{texts.elseHeld}</h2>
      {others.length === 0 ? (
        <p className={classes.quiet}>
          {standing.released ? texts.orderWent : standing.releasable ? texts.nothingKeeps : texts.nothingElse}
        </p>
      ) : (
        <ul className={classes.lines}>
          {others.map(one => (
            <li key={one.id} className={classes.line}>
              <span className={classes.what}>
                <Link to="/holds/$hold" params={{ hold: one.id }}>
                  {typeOf(one.type)}
                </Link>{" "}
                <span className={classes.quiet}>
                  {reasonWords(texts, one.reason)}
                  {one.on === "customer" && <> · {texts.onItsCustomer}</>}
                  {one.line && <> · {texts.lineOfOrder(one.line)}</>}
                </span>
              </span>
              <span className={classes.quiet}>{human(one.role)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
