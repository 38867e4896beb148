import { Button, Modal } from "@mantine/core";
import { useTexts } from "../texts/texts";
import classes from "./ConfirmSample.module.css";

interface Props {
  open: boolean;
  close: () => void;
  confirm: () => void;
}

/** Asks before an order goes to systems where it is real. */
export function ConfirmSample({ open, close, confirm }: Props) {
  const { texts } = useTexts();
  return (
    <Modal
      opened={open}
      onClose={close}
      title={texts.sampleConfirmTitle}
      size={400}
      centered
      // What locks the page would write a style without the nonce.
      lockScroll={false}
      overlayProps={{ backgroundOpacity: 0.35 }}
      closeButtonProps={{ "aria-label": texts.close }}
      // The page has its banner already.
      attributes={{ header: { role: "none" } }}
      classNames={{ title: classes.title ?? "", content: classes.content ?? "" }}
    >
      <p className={classes.body}>{texts.sampleConfirmBody}</p>
      <div className={classes.acts}>
        <Button variant="default" onClick={close} data-autofocus>
          {texts.cancel}
        </Button>
        <Button onClick={confirm}>{texts.sendSample}</Button>
      </div>
    </Modal>
  );
}
