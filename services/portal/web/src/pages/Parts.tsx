import type { ReactNode } from "react";
import heading from "./Heading.module.css";
import classes from "./Parts.module.css";

interface PartProps {
  title: string;
  body?: ReactNode;
  children?: ReactNode;
}

/** A part of a page of one thing, with its list. */
export function Part({ title, body, children }: PartProps) {
  return (
    <section className={classes.part} aria-label={title}>
      <h2 className={heading.subtitle}>{title}</h2>
      {body && <p className={classes.body}>{body}</p>}
      {children && <ul className={classes.list}>{children}</ul>}
    </section>
  );
}

interface ItemProps {
  name?: ReactNode;
  text?: ReactNode;
  hint?: ReactNode;
}

/** One line of it: what it is called, what it is, and what is beside that. */
export function Item({ name, text, hint }: ItemProps) {
  return (
    <li className={classes.item}>
      {name && <div className={classes.name}>{name}</div>}
      {text && <div>{text}</div>}
      {hint && <div className={classes.quiet}>{hint}</div>}
    </li>
  );
}
