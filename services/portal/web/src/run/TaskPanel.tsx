import { CloseButton } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { GraphNode } from "../api/queries";
import { human } from "../display/names";
import { absolute, clock, lasting } from "../display/time";
import { plain } from "../runs/reason";
import { StateIcon } from "../states/StateMark";
import { useTexts } from "../texts/texts";
import { hasMasked } from "./mask";
import { Payload } from "./Payload";
import type { Step } from "./steps";
import classes from "./TaskPanel.module.css";

interface Props {
  node: GraphNode | null;
  step: Step | null;
  visits: number;
  now: number;
  mayRead: boolean;
  onClose: () => void;
}

/** One task of the run: what came in, what went out, how often it was tried. */
export function TaskPanel({ node, step, visits, now, mayRead, onClose }: Props) {
  const { texts } = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  const reference = node?.reference ?? step?.reference;
  useEffect(() => {
    // On a phone it covers the page, so that is where reading goes on.
    if (reference && matchMedia("(max-width: 1180px)").matches) heading.current?.focus();
  }, [reference]);
  const state = step?.state ?? "idle";
  return (
    <aside className={classes.panel} aria-labelledby="task-title">
      <div className={classes.head}>
        <div className={classes.heading}>
          <h2 id="task-title" ref={heading} tabIndex={-1} className={classes.title}>
            {node?.title || human(step?.name ?? "")}
          </h2>
          {node && <p className={classes.detail}>{node.detail ?? texts.kinds[node.kind]}</p>}
        </div>
        <CloseButton aria-label={texts.close} onClick={onClose} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
      <section className={classes.body} tabIndex={0} aria-labelledby="task-title">
        <p className={classes.state} data-state={state}>
          <StateIcon state={state} />
          {texts.taskStates[state]}
          {visits > 1 && ` · ${texts.latestOf(visits)}`}
          {step && step.state !== "skipped" && <Times step={step} now={now} />}
        </p>
        {step && <Data step={step} mayRead={mayRead} />}
      </section>
    </aside>
  );
}

function Times({ step, now }: { step: Step; now: number }) {
  const { language } = useTexts();
  return (
    <span className={classes.times} title={absolute(language, step.startedAt)}>
      {[clock(language, step.startedAt, true), lasting(language, step.startedAt, step.endedAt ?? now)]
        .filter(Boolean)
        .join(" · ")}
    </span>
  );
}

function Data({ step, mayRead }: { step: Step; mayRead: boolean }) {
  const { texts } = useTexts();
  if (!mayRead) return <p className={classes.note}>{texts.payloadsHidden}</p>;
  return (
    <>
      {step.error !== null && (
        <Part title={texts.error}>
          <Payload value={step.error} />
        </Part>
      )}
      {step.caught !== null && (
        <Part title={texts.caught}>
          <Payload value={step.caught} />
        </Part>
      )}
      {GIVES.includes(step.state) && (
        <Part title={texts.output}>
          {step.endedAt ? <Payload value={step.output} /> : <p className={classes.note}>{texts.noOutput}</p>}
        </Part>
      )}
      {step.input.known && (
        <Part title={texts.input} hint={texts.inputHint}>
          <Payload value={step.input.value} />
        </Part>
      )}
      {step.received.length > 0 && (
        <Part title={texts.received}>
          <Received step={step} />
        </Part>
      )}
      {step.state !== "skipped" && (
        <Part title={texts.attempts}>
          <Attempts step={step} />
        </Part>
      )}
      {(hasMasked(step.input.value) || hasMasked(step.output)) && (
        <p className={classes.note}>{texts.someMasked}</p>
      )}
    </>
  );
}

/** A step that failed or was left gave nothing. */
const GIVES: readonly Step["state"][] = ["completed", "running", "waiting"];

function Received({ step }: { step: Step }) {
  const { language } = useTexts();
  return (
    <ol className={classes.attempts}>
      {step.received.map(({ at, source }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: events only ever join at the end
        <li key={place}>
          <time dateTime={at} title={absolute(language, at)}>
            {clock(language, at, true)}
          </time>
          {source}
        </li>
      ))}
    </ol>
  );
}

function Attempts({ step }: { step: Step }) {
  const { texts, language } = useTexts();
  if (step.retries.length === 0) return <p className={classes.note}>{texts.noAttempts}</p>;
  return (
    <ol className={classes.attempts}>
      {step.retries.map(({ at, attempt, reason }) => (
        <li key={attempt}>
          <time dateTime={at} title={absolute(language, at)}>
            {clock(language, at, true)}
          </time>
          {texts.attemptLine(attempt, plain(reason))}
        </li>
      ))}
    </ol>
  );
}

function Part({ title, hint, children }: { title: string; hint?: string; children: React.ReactNode }) {
  return (
    <section className={classes.part}>
      <h3 className={classes.partTitle}>
        {title}
        {hint && <span className={classes.hint}>{hint}</span>}
      </h3>
      {children}
    </section>
  );
}
