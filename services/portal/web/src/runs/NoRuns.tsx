import { Button } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import { Notice } from "../pages/Notice";
import { RunsIcon, SearchIcon } from "../states/icons";
import { useTexts } from "../texts/texts";

export function NoRuns({ filtered, clear }: { filtered: boolean; clear: () => void }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  if (filtered) {
    return (
      <Notice icon={<SearchIcon />} title={texts.emptyFilterTitle} body={texts.emptyFilterBody}>
        <Button variant="default" onClick={clear}>
          {texts.clearFilter}
        </Button>
      </Notice>
    );
  }
  const maySend = session.permissions.includes("events:write");
  return (
    <Notice
      icon={<RunsIcon />}
      title={texts.emptyTitle}
      body={maySend ? texts.emptyBody : texts.emptyBodyPlain}
    />
  );
}
