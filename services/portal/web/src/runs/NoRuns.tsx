import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { type RunFilter, sampleQuery, sessionQuery } from "../api/queries";
import { Notice } from "../pages/Notice";
import { RunsIcon, SearchIcon } from "../states/icons";
import { useTexts } from "../texts/texts";

export function NoRuns({ filter, clear }: { filter: RunFilter; clear: () => void }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const allowed = session.permissions.includes("events:write");
  const { data: sample } = useQuery({ ...sampleQuery, enabled: allowed });
  if (filter.state || filter.key) {
    const state = filter.state ? texts.states[filter.state] : null;
    return (
      <Notice
        icon={<SearchIcon />}
        title={texts.emptyFilterTitle}
        body={texts.emptyFilterBody(state, filter.key ?? null)}
      >
        <Button variant="default" onClick={clear}>
          {texts.clearFilter}
        </Button>
      </Notice>
    );
  }
  return (
    <Notice
      icon={<RunsIcon />}
      title={texts.emptyTitle}
      body={sample ? texts.emptyBody : texts.emptyBodyPlain}
    />
  );
}
