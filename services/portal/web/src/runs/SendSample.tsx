import { Button, Tooltip } from "@mantine/core";
import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { sampleQuery, sessionQuery } from "../api/queries";
import { sendSample } from "../api/sample";
import { SendIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./SendSample.module.css";

/** Sends the deployed template's sample as a new order and opens the run that it starts. */
export function SendSample() {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const allowed = session.permissions.includes("events:write");
  const { data: sample, isPending } = useQuery({ ...sampleQuery, enabled: allowed });
  const navigate = useNavigate();
  const sending = useMutation({
    mutationFn: sendSample,
    onSuccess: async ({ runs }) => {
      const run = runs[0];
      if (run) await navigate({ to: "/runs/$run", params: { run }, search: {} });
    },
  });
  const why = !allowed ? texts.sampleNotAllowed : isPending || sample ? null : texts.sampleNone;
  const outcome = sending.isError
    ? texts.sampleFailed
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
          loading={sending.isPending}
          {...(sample ? {} : { "data-disabled": true })}
          aria-disabled={!sample}
          onClick={() => sample && sending.mutate(sample)}
        >
          {texts.sendSample}
        </Button>
      </Tooltip>
    </div>
  );
}
