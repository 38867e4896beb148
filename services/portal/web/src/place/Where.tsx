import { Button, NativeSelect } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Place } from "../api/place";
import { clientQuery, clientsQuery } from "../api/queries";
import heading from "../pages/Heading.module.css";
import parts from "../pages/Parts.module.css";
import { useTexts } from "../texts/texts";
import classes from "./Where.module.css";

interface Props {
  /** Empty: nobody chose one yet. */
  client: string;
  environment: string;
  /** An environment that is not to be chosen. */
  without?: string;
  lead?: string;
  go: (next: Partial<Place>) => void;
}

/** Asks somebody of the partner's own for which client and environment. */
export function Where({ client, environment, without, lead, go }: Props) {
  const { texts } = useTexts();
  const listed = useInfiniteQuery(clientsQuery);
  const { data: known } = useQuery({ ...clientQuery(client), enabled: client !== "" });
  const words: Record<string, string> = texts.environments;
  const all = listed.data?.pages.flatMap(page => page.items) ?? [];
  const choices = all.map(one => ({ value: one.slug, label: one.name }));
  if (known && !all.some(one => one.slug === known.slug))
    choices.push({ value: known.slug, label: known.name });
  const environments = known?.tenants.map(one => one.environment).filter(one => one !== without) ?? [
    environment,
  ];
  return (
    <section className={parts.part} aria-label={texts.whereTo}>
      <h2 className={heading.subtitle}>{texts.whereTo}</h2>
      {lead && <p className={parts.body}>{lead}</p>}
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
