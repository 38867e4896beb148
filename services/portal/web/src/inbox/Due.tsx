import { absolute, duration, relative } from "../display/time";
import { useTexts } from "../texts/texts";
import classes from "./Due.module.css";

/** Until when, or for how long it has been late. */
export function Due({ due, now }: { due: string | null; now: number }) {
  const { texts, language } = useTexts();
  if (!due) return null;
  const left = new Date(due).getTime() - now;
  return (
    <time dateTime={due} title={absolute(language, due)} className={left < 0 ? classes.late : undefined}>
      {left < 0
        ? texts.taskLate(relative(language, due, now, texts.justNow))
        : texts.taskDue(duration(language, left))}
    </time>
  );
}
