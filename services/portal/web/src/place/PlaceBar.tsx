import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Place } from "../api/place";
import { clientQuery } from "../api/queries";
import { useTexts } from "../texts/texts";
import filter from "../webhooks/EndpointPage.module.css";
import classes from "./PlaceBar.module.css";

const PAGES = ["deployments", "readiness", "connections", "connectors"] as const;

/** Whose pages these are, and the way to the other environments of the same client. */
export function PlaceBar({ place, here }: { place: Place; here: (typeof PAGES)[number] }) {
  const { texts } = useTexts();
  const { data: client } = useQuery(clientQuery(place.client));
  const environments = client?.tenants.map(one => one.environment) ?? [place.environment];
  const words: Record<string, string> = texts.environments;
  return (
    <div className={classes.bar}>
      <div className={classes.what}>
        <Link to="/clients" className={classes.back}>
          {texts.clients}
        </Link>
        <span className={classes.name} title={client?.name}>
          {client?.name ?? place.client}
        </span>
      </div>
      <nav className={filter.filter} aria-label={texts.environmentWord}>
        {environments.map(environment => (
          <Link
            key={environment}
            to={`/clients/$client/$environment/${here}`}
            params={{ client: place.client, environment }}
            className={filter.one}
            data-chosen={environment === place.environment || undefined}
          >
            {words[environment] ?? environment}
          </Link>
        ))}
      </nav>
      <nav className={filter.filter} aria-label={texts.pagesOfClient}>
        {PAGES.map(one => (
          <Link
            key={one}
            to={`/clients/$client/$environment/${one}`}
            params={{ ...place }}
            className={filter.one}
            data-chosen={one === here || undefined}
          >
            {texts[one]}
          </Link>
        ))}
      </nav>
    </div>
  );
}
