import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import type { Place } from "../api/place";
import { brandQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Where } from "../place/Where";
import { useTexts } from "../texts/texts";
import { DeployForm } from "./DeployForm";
import { inheritedQuery, needsQuery, type Template, templateQuery } from "./queries";
import classes from "./TemplatePage.module.css";

const FIRST = "test";
/** Reached by a promotion alone from here. */
const LIVE = "live";

/** Brings a version of a template to an environment of a client. */
export function DeployPage() {
  const { texts } = useTexts();
  const { template: name } = useParams({ from: "/inside/partners/library/$template/deploy" });
  const search = useSearch({ from: "/inside/partners/library/$template/deploy" });
  const navigate = useNavigate();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: template, error, refetch } = useQuery(templateQuery(name, search.version));
  const title = template ? texts.deployTitle(template.title, template.version) : texts.deployTemplate;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !template) return <Failure error={error} reset={() => void refetch()} />;
  const environment = search.environment && search.environment !== LIVE ? search.environment : FIRST;
  const place = search.client ? { client: search.client, environment } : null;
  return (
    <div className={classes.page}>
      <Link to="/library/$template" params={{ template: name }} search={search} className={heading.back}>
        {template?.title ?? texts.library}
      </Link>
      <h1 className={heading.title}>{title}</h1>
      <Where
        client={search.client ?? ""}
        environment={environment}
        without={LIVE}
        lead={texts.liveByPromotion}
        go={next =>
          void navigate({
            to: "/library/$template/deploy",
            params: { template: name },
            search: { ...search, ...next },
            replace: true,
          })
        }
      />
      {template && place && (
        <Deploy key={`${place.client}/${place.environment}`} template={template} place={place} />
      )}
    </div>
  );
}

/** What is there for it is read once: what somebody fills in stays while others change things. */
function Deploy({ template, place }: { template: Template; place: Place }) {
  const needs = useQuery({ ...needsQuery(place, template.name), staleTime: Number.POSITIVE_INFINITY });
  const inherited = useQuery({ ...inheritedQuery(place), staleTime: Number.POSITIVE_INFINITY });
  const error = needs.error ?? inherited.error;
  if (error) {
    const again = () => void Promise.all([needs.refetch(), inherited.refetch()]);
    return <Failure error={error} reset={again} />;
  }
  if (!needs.data || !inherited.data) return <LinesSkeleton lines={6} />;
  const entries = needs.data.items;
  const entry = entries.find(one => one.version === template.version) ?? entries[0] ?? null;
  return (
    <DeployForm
      key={template.version}
      template={template}
      place={place}
      entry={entry}
      inherited={inherited.data.items}
    />
  );
}
