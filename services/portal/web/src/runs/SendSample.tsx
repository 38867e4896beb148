import { Button, Tooltip } from "@mantine/core";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Problem } from "../api/client";
import { type Sample, sampleQuery, sessionQuery } from "../api/queries";
import { sendSample } from "../api/sample";
import { reachesNothingReal } from "../api/simulated";
import { SendIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { ConfirmSample } from "./ConfirmSample";
import classes from "./SendSample.module.css";

/** Sends the deployed template's sample as a new order and opens the run that it starts. Asks before a real order. */
export function SendSample() {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const allowed = session.permissions.includes("events:write");
  const {
    data: sample,
    isPending,
    isError,
    isFetching,
    refetch,
  } = useQuery({ ...sampleQuery, enabled: allowed });
  const unread = allowed && isError && !sample;
  const navigate = useNavigate();
  const sending = useMutation({
    mutationFn: sendSample,
    onSuccess: async ({ runs }) => {
      const run = runs[0];
      if (run) await navigate({ to: "/runs/$run", params: { run }, search: {} });
    },
  });
  const [asked, setAsked] = useState(false);
  const checking = useMutation({
    mutationFn: async (_: Sample) => session.environment !== "live" || (await reachesNothingReal()),
    onSuccess: (harmless, order) => (harmless ? sending.mutate(order) : setAsked(true)),
  });
  const why = !allowed
    ? texts.sampleNotAllowed
    : unread
      ? texts.sampleUnknown
      : isPending || sample
        ? null
        : texts.sampleNone;
  const outcome = sending.isError
    ? sending.error instanceof Problem && sending.error.status < 500
      ? texts.sampleFailed
      : texts.sampleUnanswered
    : sending.data?.runs.length === 0
      ? texts.sampleNoRun
      : null;
  return (
    <div className={classes.send}>
      <span role="status" className={classes.outcome}>
        {outcome}
      </span>
      <Tooltip label={why} disabled={!why} multiline maw={260}>
        <Button
          size="sm"
          leftSection={<SendIcon />}
          loading={checking.isPending || sending.isPending || (unread && isFetching)}
          {...(sample || unread ? {} : { "data-disabled": true })}
          aria-disabled={!(sample || unread)}
          onClick={() => (sample ? checking.mutate(sample) : unread && void refetch())}
        >
          {texts.sendSample}
        </Button>
      </Tooltip>
      <ConfirmSample
        open={asked}
        close={() => setAsked(false)}
        confirm={() => {
          setAsked(false);
          if (sample) sending.mutate(sample);
        }}
      />
    </div>
  );
}
