import { absolute, relative } from "../display/time";
import classes from "../inbox/History.module.css";
import { useTexts } from "../texts/texts";
import { By } from "./By";
import type { Hold } from "./queries";

interface Line {
  key: string;
  what: string;
  by: string;
  at: string | null;
  words: string | null;
}

/** Who raised it, who wanted it held as well, who agreed to let it go, and who did. */
export function History({ one, now }: { one: Hold; now: number }) {
  const { texts, language } = useTexts();
  const line = (key: string, what: string, by: string): Line => ({ key, what, by, at: null, words: null });
  const lines: Line[] = [
    { ...line("raised", texts.holdRaised, one.raised_by), at: one.raised_at },
    ...one.raisers
      .filter(by => by !== one.raised_by)
      .map(by => line(`raised ${by}`, texts.holdRaisedToo, by)),
    ...one.agreed.filter(by => by !== one.cleared_by).map(by => line(`agreed ${by}`, texts.holdAgreedBy, by)),
  ];
  if (one.status !== "active" && one.cleared_by) {
    const what = texts.holdMarks[one.status];
    lines.push({ key: "ended", what, by: one.cleared_by, at: one.cleared_at, words: one.why });
  }
  return (
    <section aria-label={texts.holdHistory}>
      <h2 className={classes.title}>{texts.holdHistory}</h2>
      <ol className={classes.lines}>
        {lines.map(({ key, what, by, at, words }) => (
          <li key={key} className={classes.line}>
            <span className={classes.what}>
              {what}{" "}
              <span className={classes.quiet}>
                <By actor={by} />
              </span>
            </span>
            {at && (
              <time className={classes.quiet} dateTime={at} title={absolute(language, at)}>
                {relative(language, at, now, texts.justNow)}
              </time>
            )}
            {words && (
              <p className={classes.words} dir="auto">
                {words}
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
