import { Guide } from "../library/Guide";
import { useTexts } from "../texts/texts";
import classes from "./Runbook.module.css";

/** What is to be done about tasks of this kind, as its template says; folded, since most who are here know it. */
export function Runbook({ text }: { text: string }) {
  const { texts } = useTexts();
  return (
    <details className={classes.runbook}>
      <summary className={classes.summary}>{texts.taskRunbook}</summary>
      <Guide text={text} />
    </details>
  );
}
