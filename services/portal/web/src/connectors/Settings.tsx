import { human } from "../display/names";
import { duration } from "../display/time";
import { Item, Part } from "../pages/Parts";
import { useTexts } from "../texts/texts";
import type { Connector, ConnectorDetail } from "./queries";

interface Schema {
  required?: readonly string[];
  properties?: Record<string, { title?: string; description?: string }>;
}

const SECOND = 1_000;

/** Words of what a connector, or a connection, holds its calls to. */
export function useLimitWords({ at_once, rate }: Connector["limits"]): string[] {
  const { texts, language } = useTexts();
  const count = (calls: number) => new Intl.NumberFormat(language).format(calls);
  const found = [texts.atOnce(at_once)];
  if (rate) found.push(texts.rateOf(count(rate.calls), duration(language, rate.seconds * SECOND)));
  return found;
}

export function Limits({ connector }: { connector: Connector }) {
  const { texts } = useTexts();
  return (
    <Part title={texts.limitsTitle} body={texts.limitsBody}>
      {useLimitWords(connector.limits).map(words => (
        <Item key={words} text={words} />
      ))}
    </Part>
  );
}

/** What a connection of it asks for; secrets are among it by their titles. */
export function Settings({ connector }: { connector: ConnectorDetail }) {
  const { texts } = useTexts();
  const { required = [], properties = {} } = connector.settings as Schema;
  const check = connector.checked_by ? texts.checkedBy(connector.checked_by) : texts.checkedByNothing;
  return (
    <Part title={texts.settingsTitle} body={check}>
      {connector.secrets.map(one => (
        <Item key={one.name} name={one.title} hint={one.required ? texts.secretSetting : texts.secretWhere} />
      ))}
      {Object.entries(properties)
        .sort(([a], [b]) => Number(required.includes(b)) - Number(required.includes(a)))
        .map(([name, one]) => (
          <Item
            key={name}
            name={one.title ?? human(name)}
            text={one.description}
            hint={required.includes(name) ? texts.settingNeeded : undefined}
          />
        ))}
    </Part>
  );
}
