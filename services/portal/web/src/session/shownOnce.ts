import { useEffect } from "react";

let shown = 0;

/** Whether something is on the screen that is never shown again: nobody is sent away from it, session or not. */
export const isShownOnce = (): boolean => shown > 0;

/** Says so while `is` holds; from when it is asked for, since an answer to something else may come first. */
export function useShownOnce(is: boolean): void {
  useEffect(() => {
    if (!is) return;
    shown += 1;
    return () => {
      shown -= 1;
    };
  }, [is]);
}
