import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { body } from "../api/client";
import { apiAt } from "../api/place";
import { Dialog, DialogActs } from "../pages/Dialog";
import { usePlace } from "../place/place";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import { DEPLOYED, type Deployment, type Revision } from "./queries";

interface Props {
  deployment: Deployment;
  present: Revision | undefined;
  to: Revision | null;
  close: () => void;
}

/** Says what will be different, and makes it so. */
export function RollBack({ deployment, present, to, close }: Props) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const place = usePlace();
  const going = useMutation({
    mutationFn: (revision: number) =>
      body(
        apiAt(place).POST("/v1/deployments/{deployment}/roll-back", {
          params: { path: { deployment: deployment.id } },
          body: { to_revision: revision },
        }),
      ),
    onSuccess: close,
    onSettled: () => queries.invalidateQueries({ queryKey: DEPLOYED }),
  });
  const leave = () => {
    close();
    going.reset();
  };
  const same = present && to && present.workflow.id === to.workflow.id;
  return (
    <Dialog open={to !== null} close={leave} title={to ? texts.rollBackTo(to.revision) : texts.rollBack}>
      {to && (
        <>
          <p>
            {same
              ? texts.rollBackSame(texts.workflowOf(to.workflow.name, to.workflow.version))
              : texts.rollBackOther(texts.workflowOf(to.workflow.name, to.workflow.version))}
          </p>
          <p>{texts.rollBackRuns}</p>
          {going.error && (
            <Refusal>
              {isAbout(going.error, "invalid-deployment")
                ? texts.rollBackUnfit
                : (generalWords(texts, going.error) ?? texts.failedPlain)}
            </Refusal>
          )}
          <DialogActs>
            <Button variant="default" onClick={leave} data-autofocus>
              {texts.cancel}
            </Button>
            <Button loading={going.isPending} onClick={() => going.mutate(to.revision)}>
              {texts.rollBack}
            </Button>
          </DialogActs>
        </>
      )}
    </Dialog>
  );
}
