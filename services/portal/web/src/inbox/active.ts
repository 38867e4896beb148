import { useEffect, useRef } from "react";

const SECOND = 1_000;
const MOST = 86_400;
/** Without a key, a touch or a move for so long nobody is taken to be at work. */
const RESTS = 60_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "scroll"] as const;

/** Seconds in which somebody was at work on a page: it was to be seen, and not left alone. Read when it is decided. */
export function useActiveSeconds(): () => number {
  const seconds = useRef(0);
  useEffect(() => {
    let last = Date.now();
    const sign = () => {
      last = Date.now();
    };
    const timer = window.setInterval(() => {
      const isAtWork = document.visibilityState === "visible" && Date.now() - last < RESTS;
      if (isAtWork && seconds.current < MOST) seconds.current += 1;
    }, SECOND);
    for (const one of SIGNS) window.addEventListener(one, sign, { passive: true, capture: true });
    return () => {
      clearInterval(timer);
      for (const one of SIGNS) window.removeEventListener(one, sign, { capture: true });
    };
  }, []);
  return () => seconds.current;
}
