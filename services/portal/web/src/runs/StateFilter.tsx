import { Link, useSearch } from "@tanstack/react-router";
import type { ShownState } from "../api/queries";
import { StateIcon } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import classes from "./StateFilter.module.css";

const ORDER: readonly ShownState[] = [
  "running",
  "held",
  "waiting",
  "suspended",
  "faulted",
  "completed",
  "cancelled",
  "pending",
];

/** Links, not buttons: a filter is an address. */
export function StateFilter() {
  const { texts } = useTexts();
  const { state, key } = useSearch({ from: "/inside/runs" });
  const kept = key ? { key } : {};
  return (
    <nav className={classes.filter} aria-label={texts.filterByState}>
      <Link
        to="/runs"
        search={kept}
        className={classes.one}
        data-chosen={state ? undefined : true}
        activeOptions={{ exact: true }}
      >
        {texts.all}
      </Link>
      {ORDER.map(one => (
        <Link
          key={one}
          to="/runs"
          search={{ ...kept, state: one }}
          className={classes.one}
          activeOptions={{ exact: true }}
          data-chosen={state === one || undefined}
        >
          <StateIcon state={one} />
          {texts.states[one]}
        </Link>
      ))}
    </nav>
  );
}
