import { Modal } from "@mantine/core";
import { createContext, type ReactNode, use, useCallback, useState } from "react";
import { useSignal } from "../api/signal";
import { useTexts } from "../texts/texts";
import classes from "./Help.module.css";
import { pageKeys, singleKeys, useKeys } from "./keys";

const ARROWS = ["↑", "↓"];

const Context = createContext<() => void>(() => {});

/** Shows the keys; also on `?`. */
export function useHelp(): () => void {
  return use(Context);
}

export function HelpProvider({ children }: { children: ReactNode }) {
  const { texts } = useTexts();
  const [open, setOpen] = useState(false);
  const show = useCallback(() => setOpen(true), []);
  useKeys({ "?": show });
  const single = useSignal(singleKeys);
  const ofPage = useSignal(pageKeys);
  const rows: (readonly [string, string[]])[] = [
    [texts.helpRows.next, ["j", "↓"]],
    [texts.helpRows.previous, ["k", "↑"]],
    [texts.helpRows.open, ["Enter"]],
    ...ofPage,
    [texts.helpRows.search, ["/"]],
    [texts.helpRows.leave, ["Esc"]],
    [texts.helpRows.help, ["?"]],
  ];
  return (
    <Context value={show}>
      {children}
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={texts.helpTitle}
        size={400}
        centered
        // What locks the page would write a style without the nonce.
        lockScroll={false}
        overlayProps={{ backgroundOpacity: 0.35 }}
        closeButtonProps={{ "aria-label": texts.close }}
        classNames={{ title: classes.title ?? "", content: classes.content ?? "" }}
      >
        <dl className={classes.rows}>
          {rows
            .filter(([, keys]) => single || keys.some(key => key.length > 1 || ARROWS.includes(key)))
            .map(([what, keys]) => (
              <div key={what} className={classes.row}>
                <dt>{what}</dt>
                <dd className={classes.keys}>
                  {keys
                    .filter(key => single || key.length > 1 || ARROWS.includes(key))
                    .map(key => (
                      <kbd key={key} className={classes.key}>
                        {key}
                      </kbd>
                    ))}
                </dd>
              </div>
            ))}
        </dl>
      </Modal>
    </Context>
  );
}
