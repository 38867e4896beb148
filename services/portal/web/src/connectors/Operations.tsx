import { duration } from "../library/duration";
import { Item, Part } from "../pages/Parts";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import classes from "./ConnectorPage.module.css";
import type { Connector, Operation, Trigger } from "./queries";

/** What it can do: what templates ask for by name, and what is its own. */
export function Operations({ connector }: { connector: Connector }) {
  const { texts } = useTexts();
  const offered = connector.operations.filter(one => one.capability);
  const own = connector.operations.filter(one => !one.capability);
  return (
    <>
      {offered.length > 0 && (
        <Part title={texts.capabilitiesTitle} body={texts.connectorCapabilitiesBody}>
          {offered.map(one => (
            <OperationItem key={one.name} one={one} />
          ))}
        </Part>
      )}
      {own.length > 0 && (
        <Part title={texts.operationsTitle} body={texts.operationsOwnBody}>
          {own.map(one => (
            <OperationItem key={one.name} one={one} />
          ))}
        </Part>
      )}
    </>
  );
}

function OperationItem({ one }: { one: Operation }) {
  const { texts, language } = useTexts();
  const beside = [
    texts.effectWords[one.effect],
    one.reads_back && one.effect !== "check-then-write" && texts.readsBack,
    one.key_valid_for && texts.keysEnd(duration(language, one.key_valid_for)),
    one.writes.length > 0 && texts.writesAbout(one.writes.join(", ")),
    one.scopes.length > 0 && texts.needsRights(one.scopes.join(", ")),
  ];
  return (
    <Item
      name={one.title}
      text={<span className={classes.code}>{one.name}</span>}
      hint={beside.filter(Boolean).join(" · ")}
    />
  );
}

/** What of the system becomes events. */
export function Triggers({ triggers }: { triggers: readonly Trigger[] }) {
  const { texts, language } = useTexts();
  if (triggers.length === 0) return null;
  return (
    <Part title={texts.triggersTitle}>
      {triggers.map(one => (
        <Item
          key={one.name}
          name={one.title}
          text={<span className={classes.code}>{one.name}</span>}
          hint={[
            cameBy(texts, one, one.every && duration(language, one.every)),
            one.events.length > 0 ? texts.triggerEvents(one.events.join(", ")) : texts.triggerEventsOwn,
          ].join(" · ")}
        />
      ))}
    </Part>
  );
}

function cameBy(texts: Texts, { kind }: Trigger, every: string | null): string {
  if (!every || kind === "webhook") return texts.triggerSent;
  if (kind === "file") return texts.triggerFiles(every);
  return kind === "mail" ? texts.triggerMail(every) : texts.triggerEvery(every);
}
