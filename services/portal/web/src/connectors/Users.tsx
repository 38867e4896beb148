import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sessionQuery } from "../api/queries";
import { HealthMark } from "../connections/HealthMark";
import { Item, Part } from "../pages/Parts";
import { toChange, usePlace } from "../place/place";
import { useTexts } from "../texts/texts";
import classes from "./ConnectorPage.module.css";
import { type Connection, type Connector, oneHealthQuery, usersQuery } from "./queries";

/** The connections of this environment that use it; nothing where no environment is looked at. */
export function Users({ connector }: { connector: Connector }) {
  const { texts } = useTexts();
  const place = usePlace();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const isSomewhere = place !== null || session.client !== null;
  const { data } = useQuery({ ...usersQuery(place, connector.name), enabled: isSomewhere });
  if (!isSomewhere || !data) return null;
  return (
    <Part title={texts.usersTitle} body={data.items.length === 0 ? texts.usersNone : null}>
      {data.items.length > 0 && data.items.map(one => <User key={one.id} one={one} />)}
    </Part>
  );
}

function User({ one }: { one: Connection }) {
  const { texts } = useTexts();
  const place = usePlace();
  const { data: health } = useQuery(oneHealthQuery(place, one.id));
  return (
    <Item
      name={
        <span className={classes.beside}>
          <Link {...toChange(place, one.id)}>{one.name}</Link>
          {health && <HealthMark state={health.state} />}
        </span>
      }
      hint={health?.error && (health.detail ?? texts.healthErrors[health.error] ?? health.error)}
    />
  );
}
