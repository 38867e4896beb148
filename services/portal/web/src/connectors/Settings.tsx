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

export function Limits({ connector }: { connector: Connector }) {
  const { texts, language } = useTexts();
  const { at_once, rate } = connector.limits;
  return (
    <Part title={texts.limitsTitle} body={texts.limitsBody}>
      <Item text={texts.atOnce(at_once)} />
      {rate && (
        <Item
          text={texts.rateOf(
            new Intl.NumberFormat(language).format(rate.calls),
            duration(language, rate.seconds * SECOND),
          )}
        />
      )}
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
