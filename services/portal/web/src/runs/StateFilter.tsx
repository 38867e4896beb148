import { Link, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { ShownState } from "../api/queries";
import { useInView } from "../display/inView";
import { useOverflow } from "../display/overflow";
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
  const row = useOverflow<HTMLElement>();
  const kept = key ? { key } : {};
  return (
    <nav ref={row} className={classes.filter} aria-label={texts.filterByState}>
      <One search={kept} chosen={!state}>
        {texts.all}
      </One>
      {ORDER.map(one => (
        <One key={one} search={{ ...kept, state: one }} chosen={state === one}>
          <StateIcon state={one} />
          {texts.states[one]}
        </One>
      ))}
    </nav>
  );
}

interface OneProps {
  search: { key?: string; state?: ShownState };
  chosen: boolean;
  children: ReactNode;
}

function One({ search, chosen, children }: OneProps) {
  const link = useInView<HTMLAnchorElement>(chosen);
  return (
    <Link
      ref={link}
      to="/runs"
      search={search}
      className={classes.one}
      activeOptions={{ exact: true }}
      data-chosen={chosen || undefined}
    >
      {children}
    </Link>
  );
}
