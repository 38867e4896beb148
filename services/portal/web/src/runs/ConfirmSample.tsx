import { Button } from "@mantine/core";
import { Dialog, DialogActs } from "../pages/Dialog";
import { useTexts } from "../texts/texts";

interface Props {
  open: boolean;
  close: () => void;
  confirm: () => void;
}

/** Asks before an order goes to systems where it is real. */
export function ConfirmSample({ open, close, confirm }: Props) {
  const { texts } = useTexts();
  return (
    <Dialog open={open} close={close} title={texts.sampleConfirmTitle}>
      <p>{texts.sampleConfirmBody}</p>
      <DialogActs>
        <Button variant="default" onClick={close} data-autofocus>
          {texts.cancel}
        </Button>
        <Button onClick={confirm}>{texts.sendSample}</Button>
      </DialogActs>
    </Dialog>
  );
}
