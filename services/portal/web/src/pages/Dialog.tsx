import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "../texts/texts";
import classes from "./Dialog.module.css";

interface Props {
  open: boolean;
  close: () => void;
  title: string;
  children: ReactNode;
}

/** Asks one thing before a page. What has the mark `data-autofocus` in it is where the keys are first. */
export function Dialog({ open, close, title, children }: Props) {
  const { texts } = useTexts();
  return (
    <Modal
      opened={open}
      onClose={close}
      title={title}
      size={400}
      centered
      // What locks the page would write a style without the nonce.
      lockScroll={false}
      overlayProps={{ backgroundOpacity: 0.35 }}
      closeButtonProps={{ "aria-label": texts.close }}
      // The page has its banner already.
      attributes={{ header: { role: "none" } }}
      classNames={{
        title: classes.title ?? "",
        content: classes.content ?? "",
        header: classes.header ?? "",
      }}
    >
      {children}
    </Modal>
  );
}

/** What can be done, the way out first. */
export function DialogActs({ children }: { children: ReactNode }) {
  return <div className={classes.acts}>{children}</div>;
}
