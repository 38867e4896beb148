import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import classes from "../exceptions/ActDialog.module.css";
import { Dialog, DialogActs } from "../pages/Dialog";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { type Resumed, useAtOnce } from "../session/resuming";
import { useTexts } from "../texts/texts";
import { type Act, decide, HOLDS, type Hold } from "./queries";
import { Why } from "./Why";
import { actWords } from "./words";

interface Props {
  one: Hold;
  act: Act | null;
  /** What somebody came back to do, after they proved elsewhere who they are. */
  resumed: Resumed<"override-hold"> | null;
  close: () => void;
}

/** Asks why, and for a proof of oneself where that is needed; then the hold is cleared or overridden. */
export function ActDialog({ one, act, resumed, close }: Props) {
  const { texts } = useTexts();
  return (
    <Dialog open={act !== null} close={close} title={act ? texts.holdActs[act].title : ""}>
      {act && (
        <Ask key={act} one={one} act={act} resumed={act === "override" ? resumed : null} close={close} />
      )}
    </Dialog>
  );
}

function Ask({ one, act, resumed, close }: Props & { act: Act }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [why, setWhy] = useState(resumed?.why ?? "");
  const [tried, setTried] = useState(false);
  const acting = useMutation({
    mutationFn: () => decide(one, act, why.trim()),
    onSuccess: close,
    onSettled: () => queries.invalidateQueries({ queryKey: HOLDS }),
  });
  useAtOnce(resumed, acting.mutate);
  const lacks = why.trim() === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!lacks) acting.mutate();
  };
  if (needsProof(acting.error)) {
    return (
      <ProofForm
        act={act === "override" ? { kind: "override-hold", hold: one.id, why: why.trim() } : null}
        onProved={() => acting.mutate()}
      />
    );
  }
  return (
    <form onSubmit={submit} noValidate>
      <p>{texts.holdActs[act].body}</p>
      <Why value={why} onChange={setWhy} isMissed={tried && lacks} />
      <div className={classes.wrong}>
        {acting.error ? (
          <Refusal>{actWords(texts, acting.error)}</Refusal>
        ) : (
          <ProofFailed of={acting.isIdle ? resumed : null} />
        )}
      </div>
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={acting.isPending}>
          {texts.holdActs[act].act}
        </Button>
      </DialogActs>
    </form>
  );
}
