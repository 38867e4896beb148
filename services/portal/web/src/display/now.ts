import { useEffect, useState } from "react";

/** The present, moving on each `step` milliseconds; standing still when `step` is null. */
export function useNow(step: number | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (step === null) return;
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), step);
    return () => window.clearInterval(timer);
  }, [step]);
  return now;
}

/** True once `wait` milliseconds have passed: what is faster needs no skeleton. */
export function useDelay(wait = 150): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setPassed(true), wait);
    return () => window.clearTimeout(timer);
  }, [wait]);
  return passed;
}
