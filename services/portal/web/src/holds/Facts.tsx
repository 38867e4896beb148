import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { sessionQuery } from "../api/queries";
import { money } from "../display/money";
import { human } from "../display/names";
import { absolute, relative } from "../display/time";
import classes from "../exceptions/Facts.module.css";
import { Due } from "../inbox/Due";
import { entitiesOf } from "../orders/queries";
import { useTexts } from "../texts/texts";
import { By } from "./By";
import type { Hold } from "./queries";

/** What is known of it, and the ways to its order, its customer and the run that it came from. */
export function Facts({ one, now }: { one: Hold; now: number }) {
  const { texts, language } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const of = texts.holdColumns;
  return (
    <dl className={classes.facts}>
      {one.order && (
        <Fact name={texts.holdCuts.order}>
          <Known kind="sales-order" number={one.order} />
          {one.line && <span className={classes.quiet}> · {texts.lineOfOrder(one.line)}</span>}
        </Fact>
      )}
      {one.customer && (
        <Fact name={texts.holdCuts.customer}>
          <Known kind="customer" number={one.customer} />
        </Fact>
      )}
      {one.value && (
        <Fact name={of.risk}>
          <span className="numbers">{money(language, one.value)}</span>
        </Fact>
      )}
      {one.status === "active" && (
        <Fact name={of.deadline}>{one.due ? <Due due={one.due} now={now} /> : texts.holdNever}</Fact>
      )}
      <Fact name={texts.holdRole}>{human(one.role)}</Fact>
      {one.site && <Fact name={texts.holdCuts.site}>{one.site}</Fact>}
      <Fact name={of.raised}>
        <time dateTime={one.raised_at} title={absolute(language, one.raised_at)}>
          {relative(language, one.raised_at, now, texts.justNow)}
        </time>{" "}
        <span className={classes.quiet}>
          <By actor={one.raised_by} />
        </span>
      </Fact>
      {one.run && (
        <Fact name={texts.holdRun}>
          {session.permissions.includes("runs:read") ? (
            <Link to="/runs/$run" params={{ run: one.run }} search={{}}>
              {texts.openRun}
            </Link>
          ) : (
            <span className="mono">{one.run}</span>
          )}
        </Fact>
      )}
      {Object.entries(one.facts ?? {}).map(([name, value]) => (
        <Fact key={name} name={texts.holdFactNames[name] ?? human(name)}>
          {said(value)}
        </Fact>
      ))}
    </dl>
  );
}

/** Several people may be named as one fact. */
const said = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(said).join(", ")
    : value !== null && typeof value === "object"
      ? JSON.stringify(value)
      : String(value);

/** By its number, which leads to its page where exactly one record has it. */
function Known({ kind, number }: { kind: string; number: string }) {
  const { data } = useQuery(entitiesOf(kind, number));
  const [only, ...others] = data ?? [];
  if (!only || others.length > 0) return <bdi>{number}</bdi>;
  return (
    <Link to="/orders/$entity" params={{ entity: only.id }}>
      <bdi>{number}</bdi>
    </Link>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}
