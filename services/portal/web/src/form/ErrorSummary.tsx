import { type MouseEvent, useEffect, useRef } from "react";
import { useTexts } from "../texts/texts";
import { idOf, useSurroundings } from "./context";
import classes from "./Form.module.css";
import { type Field, type Rule, step, type Wrong } from "./view";

interface Props {
  fields: readonly Field[];
  wrong: readonly Wrong[];
}

/** All that is wrong, in one place that has the focus; each line leads to its field. */
export function ErrorSummary({ fields, wrong }: Props) {
  const { texts } = useTexts();
  const { id } = useSurroundings();
  const place = useRef<HTMLElement>(null);
  // By what it says: the same words in a new list must not take the focus from who is putting them right.
  const said = wrong.map(one => one.pointer + one.detail).join();
  useEffect(() => {
    if (said !== "") place.current?.focus();
  }, [said]);
  if (wrong.length === 0) return null;
  const go = (event: MouseEvent, pointer: string) => {
    event.preventDefault();
    document.getElementById(idOf(id, pointer))?.focus();
  };
  return (
    <section ref={place} className={classes.summary} tabIndex={-1} role="alert">
      <h3>{texts.formWrongTitle(wrong.length)}</h3>
      <ul>
        {wrong.map(one => {
          const target = targetOf(fields, one.pointer);
          return (
            <li key={one.pointer + one.detail}>
              {target ? (
                <a href={`#${idOf(id, target.pointer)}`} onClick={event => go(event, target.pointer)}>
                  {target.title}
                </a>
              ) : (
                texts.formWhole
              )}
              {`: ${one.detail}`}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The field that a pointer leads to or into, and what it is called; null where this reader has none. */
export function targetOf(
  fields: readonly Field[],
  pointer: string,
): { pointer: string; title: string } | null {
  const field = fields.find(one => pointer === step(one.name) || pointer.startsWith(`${step(one.name)}/`));
  if (!field?.is_writable) return null;
  const title = field.rule.title ?? field.name;
  const inside = pointer.slice(step(field.name).length).split("/").slice(1);
  const [row = "", name] = inside;
  const part = Object.entries(field.rule.properties ?? {}).find(([one]) => step(one) === `/${row}`);
  if (part)
    return { pointer: step(field.name) + step(part[0]), title: `${title}, ${part[1].title ?? part[0]}` };
  const members: Rule["properties"] = field.rule.items?.properties;
  if (members && /^\d+$/.test(row)) {
    const at = `${step(field.name)}/${row}`;
    const member =
      name === undefined ? undefined : Object.entries(members).find(([one]) => step(one) === `/${name}`);
    const line = `${title} ${Number(row) + 1}`;
    if (member) return { pointer: `${at}/${name}`, title: `${line}, ${member[1].title ?? member[0]}` };
    return { pointer: step(field.name), title: line };
  }
  return { pointer: step(field.name), title };
}
