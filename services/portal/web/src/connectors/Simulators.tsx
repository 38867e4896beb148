import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Item, Part } from "../pages/Parts";
import { toConnector, usePlace } from "../place/place";
import { useTexts } from "../texts/texts";
import { type Connector, connectorsQuery } from "./queries";
import { capabilitiesOf, standIns } from "./shown";

/** That it is one of a simulator, or by which simulators the same can be shown. */
export function Simulators({ connector }: { connector: Connector }) {
  const { texts } = useTexts();
  const place = usePlace();
  const { data } = useQuery(connectorsQuery);
  if (connector.simulator !== null)
    return <Part title={texts.simulatorTitle} body={texts.simulatorOf(connector.simulator)} />;
  const all = capabilitiesOf(connector).length;
  if (!data || all === 0) return null;
  const found = standIns(connector, data.items);
  return (
    <Part title={texts.simulatorTitle} body={found.length > 0 ? texts.simulatorsBody : texts.simulatorsNone}>
      {found.length > 0 &&
        found.map(({ of, offers }) => (
          <Item
            key={of.name}
            name={<Link {...toConnector(place, of.name)}>{of.title}</Link>}
            hint={texts.simulatorOffers(offers.length, all)}
          />
        ))}
    </Part>
  );
}
