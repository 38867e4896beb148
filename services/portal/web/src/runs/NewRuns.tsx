import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSignal } from "../api/signal";
import { UpIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { applyChanges, arrivals, scrolled } from "./live";
import classes from "./NewRuns.module.css";

const TOP = 80;

/** "3 new": what arrived while the reader was further down. */
export function NewRuns() {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const held = useSignal(arrivals);
  useEffect(() => {
    const release = () => {
      const waiting = [...arrivals.get().values()];
      if (waiting.length === 0) return;
      arrivals.set(new Map());
      applyChanges(queries, waiting);
    };
    const moved = () => {
      scrolled.now = window.scrollY > TOP;
      if (!scrolled.now) release();
    };
    moved();
    window.addEventListener("scroll", moved, { passive: true });
    return () => {
      window.removeEventListener("scroll", moved);
      scrolled.now = false;
      release();
    };
  }, [queries]);
  return (
    <div className={classes.place} aria-live="polite">
      {held.size > 0 && (
        <button
          type="button"
          className={classes.pill}
          title={texts.newRunsHint}
          onClick={() => window.scrollTo({ top: 0, behavior: "smooth" })}
        >
          <UpIcon />
          {texts.newRuns(held.size)}
        </button>
      )}
    </div>
  );
}
