import { useState } from "react";
import { CompletedIcon, CopyIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./CopyText.module.css";

/** A text that people pass on, copied by a press. */
export function CopyText({ text }: { text: string }) {
  const { texts } = useTexts();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    // Only on https or loopback; elsewhere the text can still be marked by hand.
    await navigator.clipboard?.writeText(text);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <button
      type="button"
      className={classes.copy}
      onClick={() => void copy()}
      title={copied ? texts.copied : texts.copy}
    >
      <span className={classes.text}>{text}</span>
      {copied ? <CompletedIcon width={14} height={14} /> : <CopyIcon width={14} height={14} />}
    </button>
  );
}
