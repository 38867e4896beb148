import { Button } from "@mantine/core";
import { CopyText } from "../display/CopyText";
import { DialogActs } from "../pages/Dialog";
import { useShownOnce } from "../session/shownOnce";
import { useTexts } from "../texts/texts";
import classes from "./SecretOnce.module.css";

/** What a receiver verifies with. Whoever leaves this has seen it for the last time. */
export function SecretOnce({ secret, body, close }: { secret: string; body: string; close: () => void }) {
  const { texts } = useTexts();
  useShownOnce(true);
  return (
    <>
      <p>{body}</p>
      <div className={classes.secret}>
        <CopyText text={secret} />
      </div>
      <DialogActs>
        <Button onClick={close} data-autofocus>
          {texts.secretKept}
        </Button>
      </DialogActs>
    </>
  );
}
