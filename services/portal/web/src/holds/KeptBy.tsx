import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { human } from "../display/names";
import { useTexts } from "../texts/texts";
import classes from "./KeptBy.module.css";
import { standingQuery } from "./queries";
import { reasonWords, useTypeName } from "./words";

/** On the page of an order: which holds keep it from going out. Nothing where none does. */
export function KeptBy({ order }: { order: string }) {
  const { texts } = useTexts();
  const typeOf = useTypeName();
  const { data: standing } = useQuery(standingQuery(order, null));
  if (!standing || standing.holds.length === 0) return null;
  return (
    <section aria-label={texts.heldOrder} className={classes.kept}>
      <h2 className={classes.title}>{texts.heldOrder}</h2>
      <ul className={classes.holds}>
        {standing.holds.map(one => (
          <li key={one.id}>
            <Link to="/holds/$hold" params={{ hold: one.id }}>
              {typeOf(one.type)}
            </Link>{" "}
            <span className={classes.quiet}>
              {reasonWords(texts, one.reason)}
              {one.on === "customer" && <> · {texts.onItsCustomer}</>}
              {one.line && <> · {texts.lineOfOrder(one.line)}</>}
              {" · "}
              {human(one.role)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
