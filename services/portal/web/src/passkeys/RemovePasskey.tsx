import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, Problem } from "../api/client";
import { type Passkey, passkeysQuery } from "../api/queries";
import { Dialog, DialogActs } from "../pages/Dialog";
import { needsProof, ProofFailed, ProofForm } from "../session/ProofForm";
import { Refusal } from "../session/Refusal";
import { type Resumed, useAtOnce } from "../session/resuming";
import { generalWords } from "../session/words";
import { useTexts } from "../texts/texts";

interface Props {
  /** The person said so before they left to prove who they are; null: they did not. */
  resumed: Resumed<"remove-passkey"> | null;
  close: () => void;
}

/** Says what comes of it, asks who the person is where that is long ago, and leaves for the way in. */
export function RemovePasskey({ passkey, ...rest }: Props & { passkey: Passkey | null }) {
  const { texts } = useTexts();
  return (
    <Dialog open={passkey !== null} close={rest.close} title={texts.removePasskeyTitle(passkey?.name ?? "")}>
      {passkey && <Removal passkey={passkey} {...rest} />}
    </Dialog>
  );
}

function Removal({ passkey, resumed, close }: Props & { passkey: Passkey }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const removing = useMutation({
    mutationFn: () => api.DELETE("/portal/passkeys/{passkey}", { params: { path: { passkey: passkey.id } } }),
    // With it went every session of the account, and nothing that was read for it may stay.
    onSuccess: () => location.assign("/sign-in?told=passkey-removed"),
    onError: error => {
      // Another tab was first: the list tells what is left.
      if (!(error instanceof Problem && error.status === 404)) return;
      void queries.invalidateQueries({ queryKey: passkeysQuery.queryKey });
      close();
    },
  });
  useAtOnce(resumed, removing.mutate);
  if (needsProof(removing.error)) {
    return <ProofForm act={{ kind: "remove-passkey", passkey }} onProved={() => removing.mutate()} />;
  }
  return (
    <>
      <p>{texts.removePasskeyBody}</p>
      {removing.error ? (
        <Refusal>{generalWords(texts, removing.error) ?? texts.failedPlain}</Refusal>
      ) : (
        <ProofFailed of={resumed} />
      )}
      <DialogActs>
        <Button variant="default" onClick={close} data-autofocus>
          {texts.cancel}
        </Button>
        <Button loading={removing.isPending || removing.isSuccess} onClick={() => removing.mutate()}>
          {texts.removePasskey}
        </Button>
      </DialogActs>
    </>
  );
}
