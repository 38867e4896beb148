import type { ReactNode } from "react";
import classes from "./Notice.module.css";

interface Props {
  icon: ReactNode;
  title: string;
  body: string;
  level?: "h1" | "h2";
  children?: ReactNode;
}

/** A page, or the place of a list, that has nothing to show: what it is, why, and the next step. */
export function Notice({ icon, title, body, level: Level = "h2", children }: Props) {
  return (
    <div className={classes.notice}>
      <div className={classes.icon} aria-hidden="true">
        {icon}
      </div>
      <Level className={classes.title}>{title}</Level>
      <p className={classes.body}>{body}</p>
      {children && <div className={classes.next}>{children}</div>}
    </div>
  );
}
