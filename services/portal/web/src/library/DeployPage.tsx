import { Button, NativeSelect } from "@mantine/core";
import { useInfiniteQuery, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import type { Place } from "../api/place";
import { brandQuery, clientQuery, clientsQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
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
      <Link to="/library/$template" params={{ template: name }} search={search} className={classes.back}>
        {template?.title ?? texts.library}
      </Link>
      <h1 className={classes.title}>{title}</h1>
      <Where client={search.client ?? ""} environment={environment} />
      {template && place && (
        <Deploy key={`${place.client}/${place.environment}`} template={template} place={place} />
      )}
    </div>
  );
}

function Where({ client, environment }: { client: string; environment: string }) {
  const { texts } = useTexts();
  const navigate = useNavigate();
  const { template } = useParams({ from: "/inside/partners/library/$template/deploy" });
  const search = useSearch({ from: "/inside/partners/library/$template/deploy" });
  const listed = useInfiniteQuery(clientsQuery);
  const { data: known } = useQuery({ ...clientQuery(client), enabled: client !== "" });
  const words: Record<string, string> = texts.environments;
  const go = (next: { client?: string; environment?: string }) =>
    void navigate({
      to: "/library/$template/deploy",
      params: { template },
      search: { ...search, ...next },
      replace: true,
    });
  const all = listed.data?.pages.flatMap(page => page.items) ?? [];
  const choices = all.map(one => ({ value: one.slug, label: one.name }));
  if (known && !all.some(one => one.slug === known.slug))
    choices.push({ value: known.slug, label: known.name });
  const environments = known?.tenants.map(one => one.environment).filter(one => one !== LIVE) ?? [
    environment,
  ];
  return (
    <section className={classes.part} aria-label={texts.whereTo}>
      <h2 className={classes.subtitle}>{texts.whereTo}</h2>
      <p className={classes.body}>{texts.liveByPromotion}</p>
      <div className={classes.where}>
        <NativeSelect
          label={texts.clientWord}
          value={known?.slug ?? client}
          data={[{ value: "", label: texts.chooseClient }, ...choices]}
          onChange={event => go({ client: event.currentTarget.value })}
        />
        <NativeSelect
          label={texts.environmentWord}
          value={environment}
          data={environments.map(value => ({ value, label: words[value] ?? value }))}
          onChange={event => go({ environment: event.currentTarget.value })}
        />
      </div>
      {listed.hasNextPage && (
        <Button
          className={classes.start ?? ""}
          variant="default"
          size="xs"
          loading={listed.isFetchingNextPage}
          onClick={() => void listed.fetchNextPage()}
        >
          {texts.moreClients}
        </Button>
      )}
    </section>
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
