import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import type { Place } from "../api/place";
import { toConnector } from "../place/place";
import { useTexts } from "../texts/texts";
import { choiceOf } from "./choices";
import type { Need } from "./queries";

/** Stands in the sentence where the connectors are named. */
const HERE = "\u0000";

interface Props {
  need: Need;
  place: Place | null;
  /** Beside what somebody fills in, which is not left. */
  aside?: boolean;
}

/** What helps; each connector that would do leads to its page. */
export function NeedHelp({ need, place, aside = false }: Props) {
  const { texts } = useTexts();
  const told = texts.readinessHelp[need.cause](need.connection ?? "", need.connectors.length > 0 ? HERE : "");
  const [before, after] = told.split(HERE);
  if (after === undefined) return before;
  return (
    <>
      {before}
      {need.connectors.map((one, at) => (
        <Fragment key={one.name}>
          {at > 0 && ", "}
          <Link {...toConnector(place, one.name)} {...(aside ? { target: "_blank" } : {})}>
            {choiceOf(texts, one)}
          </Link>
        </Fragment>
      ))}
      {after}
    </>
  );
}
