import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import type { RunFilter, RunSummary } from "../api/queries";
import { useSignal } from "../api/signal";
import { UpIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { arrivals, release, scrolled, waiting } from "./live";
import classes from "./NewRuns.module.css";

const TOP = 80;

/** "3 new": what arrived while the reader was further down. */
export function NewRuns({ filter, rows }: { filter: RunFilter; rows: readonly RunSummary[] }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const held = useSignal(arrivals);
  const count = useMemo(() => waiting(held, filter, new Set(rows.map(run => run.id))), [held, filter, rows]);
  useEffect(() => {
    const moved = () => {
      scrolled.now = window.scrollY > TOP;
      if (!scrolled.now) release(queries);
    };
    moved();
    window.addEventListener("scroll", moved, { passive: true });
    return () => {
      window.removeEventListener("scroll", moved);
      scrolled.now = false;
      release(queries);
    };
  }, [queries]);
  return (
    <div className={classes.place} aria-live="polite">
      {count > 0 && (
        <button
          type="button"
          className={classes.pill}
          title={texts.newRunsHint}
          onClick={() => window.scrollTo({ top: 0, behavior: "smooth" })}
        >
          <UpIcon />
          {texts.newRuns(count)}
        </button>
      )}
    </div>
  );
}
