import type { ReactNode } from "react";
import classes from "./Refusal.module.css";

/** Why something was not done, heard at once; nothing while there is no reason. */
export function Refusal({ children }: { children: ReactNode }) {
  if (!children) return null;
  return (
    <p className={classes.refusal} role="alert">
      {children}
    </p>
  );
}
