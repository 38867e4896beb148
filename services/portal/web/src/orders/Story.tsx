import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import { plain, short } from "../audit/wanted";
import { human } from "../display/names";
import { absolute, clock } from "../display/time";
import timeline from "../run/Timeline.module.css";
import {
  AuditIcon,
  BranchIcon,
  CallIcon,
  CompletedIcon,
  DocumentIcon,
  FaultedIcon,
  HeldIcon,
  InboxIcon,
  RunsIcon,
  WebhookIcon,
} from "../states/icons";
import { StateIcon } from "../states/StateMark";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import { contentOf, formOf } from "./files";
import type { Line } from "./queries";
import classes from "./Story.module.css";

const HANDED_OUT = new Set(["clean", "unscanned"]);
const RUN_ENDS = new Set(["completed", "faulted", "cancelled"]);

interface Whose {
  entity: string;
  /** Whether the account may have documents. */
  saves: boolean;
  /** Whether the account has an inbox, in which tasks can be opened. */
  works: boolean;
}

/** A line for each thing that happened, in the order in which it did, under the days on which that was. */
export function Story({ lines, ...rest }: { lines: readonly Line[] } & Whose) {
  const { language } = useTexts();
  const day = new Intl.DateTimeFormat(language, {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
  });
  const days = new Map<string, Line[]>();
  for (const line of lines) {
    const name = day.format(new Date(line.at));
    days.set(name, [...(days.get(name) ?? []), line]);
  }
  return [...days].map(([name, its]) => (
    <Fragment key={name}>
      <h3 className={classes.day}>{name}</h3>
      <ol className={timeline.line}>
        {its.map(line => (
          <Item key={keyOf(line)} line={line} {...rest} />
        ))}
      </ol>
    </Fragment>
  ));
}

/** Of one moment no two lines are of one thing. */
function keyOf({ what, at, event, run, exception, reference, name, number, document }: Line): string {
  return [what, at, event, run, exception, reference, name, number, document].join(" ");
}

function Item({ line, entity, ...may }: { line: Line } & Whose) {
  const { texts, language } = useTexts();
  const from = lineage(line, texts, may);
  return (
    <li className={timeline.item} data-what={line.what}>
      <div className={classes.one}>
        <span className={classes.icon} data-what={line.what}>
          <Mark line={line} />
        </span>
        <div className={classes.words}>
          <span className={classes.title} dir="auto">
            {titleOf(line, entity, texts)}
          </span>
          {line.note && line.what !== "notified" && <span className={classes.note}>“{line.note}”</span>}
          {from.length > 0 && (
            <span className={classes.from}>
              {from.map(({ key, part }) => (
                <span key={key}>{part}</span>
              ))}
            </span>
          )}
        </div>
        <time className={timeline.time} dateTime={line.at} title={absolute(language, line.at)}>
          {clock(language, line.at, true)}
        </time>
      </div>
    </li>
  );
}

function Mark({ line: { what, outcome } }: { line: Line }) {
  if (what === "ended" && outcome && RUN_ENDS.has(outcome)) {
    return <StateIcon state={outcome as "completed" | "faulted" | "cancelled"} />;
  }
  if (what === "called") return outcome === "failed" ? <FaultedIcon /> : <CallIcon />;
  return {
    told: <WebhookIcon />,
    linked: <BranchIcon />,
    began: <RunsIcon />,
    ended: <CompletedIcon />,
    decided: <AuditIcon />,
    acted: <AuditIcon />,
    stood: <HeldIcon />,
    settled: <CompletedIcon />,
    filed: <DocumentIcon />,
    removed: <DocumentIcon />,
    held: <HeldIcon />,
    freed: <CompletedIcon />,
    notified: <DocumentIcon />,
    asked: <InboxIcon />,
    answered: <AuditIcon />,
  }[what];
}

function titleOf(line: Line, entity: string, texts: Texts): string {
  const name = human(line.name ?? "");
  switch (line.what) {
    case "told": {
      const state = line.entity === entity ? line.states?.[""] : null;
      if (state) return texts.toldState(line.system ?? "", stateWord(state, texts));
      return line.entity === entity
        ? texts.toldOfIt(line.system ?? "")
        : texts.toldOf(line.system ?? "", human(line.kind ?? ""), line.number ?? "");
    }
    case "linked":
      return texts.linkedWhat(line.name ?? "", line.number ?? "");
    case "began":
      return texts.runBegan(name);
    case "ended":
      return texts.runEnded(name, texts.states[(line.outcome ?? "completed") as keyof typeof texts.states]);
    case "called":
      return line.outcome === "failed" ? texts.callFailed(name) : name;
    case "decided":
      return line.outcome === "approved" ? texts.approved : texts.refused;
    case "acted":
      return human((line.name ?? "").replace(".", " "));
    case "stood":
      return line.title ?? name;
    case "settled":
      return texts.settled(line.title ?? "");
    case "filed":
      return texts.filed(line.title);
    case "held":
      return texts.orderHeld(holdOf(line, texts));
    case "freed":
      return line.outcome === "overridden"
        ? texts.holdOverridden(holdOf(line, texts))
        : texts.holdCleared(holdOf(line, texts));
    case "notified":
      return line.outcome === "sent" ? texts.notified(name) : texts.notNotified(name, human(line.note ?? ""));
    case "asked":
      return texts.taskAsked(taskOf(line), line.name ? name.toLowerCase() : texts.somebodyOutside);
    case "answered":
      return texts.taskAnswered(taskOf(line), human(line.outcome ?? "").toLowerCase());
    case "removed":
      return line.outcome === "expired" ? texts.documentExpired : texts.documentRemoved;
  }
}

/** Which hold it was: its type and why, and the line of the order where it is of one. */
function holdOf({ kind, name, number }: Line, texts: Texts): string {
  const type = texts.holds[kind ?? ""] ?? human(kind ?? "");
  const of = number ? texts.ofLine(number) : "";
  return `${type} (${human(name ?? "").toLowerCase()})${of}`;
}

/** Which task it was: what it is called, or for who may not see that, what it is. */
function taskOf({ title, kind }: Line): string {
  return title ?? human(kind ?? "");
}

function stateWord(state: string, texts: Texts): string {
  return state in texts.orderStates
    ? texts.orderStates[state as keyof typeof texts.orderStates]
    : human(state);
}

function isOfTask({ what }: Line): boolean {
  return what === "asked" || what === "answered";
}

interface Part {
  key: string;
  part: ReactNode;
}

/** Where a line comes from: each part names something that has an id of its own. */
function lineage(line: Line, texts: Texts, { saves, works }: Omit<Whose, "entity">): Part[] {
  const parts: Part[] = [];
  if (line.what === "told") {
    parts.push({ key: "type", part: <code>{line.type}</code> });
    parts.push({ key: "mapping", part: texts.byMapping(line.mapping ?? "", line.version ?? 0) });
    if (line.events.length > 0) {
      parts.push({ key: "events", part: texts.eventsFollowed(line.events.length) });
    }
  }
  if (line.what === "called" && line.operation) {
    parts.push({ key: "operation", part: <code>{line.operation}</code> });
  }
  if (line.what === "filed" && line.kind) {
    parts.push({ key: "form", part: formOf(line.kind) });
  }
  if (isOfTask(line) && line.title) {
    parts.push({ key: "kind", part: human(line.kind ?? "") });
  }
  if (line.by && line.outcome !== "expired") {
    parts.push({ key: "by", part: <span title={line.by}>{texts.by(plain(short(line.by)))}</span> });
  }
  if (isOfTask(line) && works && line.reference) {
    const open = (
      <Link to="/inbox/$task" params={{ task: line.reference }} className={classes.run}>
        {texts.openTask}
      </Link>
    );
    parts.push({ key: "task", part: open });
  }
  if ((line.what === "held" || line.what === "freed") && line.reference) {
    const open = (
      <Link to="/holds/$hold" params={{ hold: line.reference }} className={classes.run}>
        {texts.openHold}
      </Link>
    );
    parts.push({ key: "hold", part: open });
  }
  if (line.run) {
    const open = (
      <Link to="/runs/$run" params={{ run: line.run }} className={classes.run}>
        {texts.openRun}
      </Link>
    );
    parts.push({ key: "run", part: open });
  }
  if (line.document && saves && HANDED_OUT.has(line.outcome ?? "")) {
    const save = (
      <a href={contentOf(line.document, line)} className="quiet-link" download>
        {texts.saveDocument}
      </a>
    );
    parts.push({ key: "save", part: save });
  }
  return parts;
}
