import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { money } from "../display/money";
import { DialogActs } from "../pages/Dialog";
import { useTexts } from "../texts/texts";
import classes from "./Lines.module.css";
import type { Preview } from "./queries";

/** What would become of each, and of those that would be refused, why. */
export function WouldBecome({ seen }: { seen: Preview }) {
  const { texts, language } = useTexts();
  return (
    <>
      <p className={classes.count}>
        {texts.covered(seen.covered, seen.count)}
        {seen.refused > 0 && <> {texts.notTaken(seen.refused)}</>}
      </p>
      <Rows>
        {seen.foreseen.map(one => (
          <li key={one.id} className={classes.row}>
            <span className={classes.name} dir="auto">
              {one.name ?? texts.exceptionCategories[one.category]}
            </span>
            <span className={classes.sum}>{one.at_risk && money(language, one.at_risk)}</span>
            <span className={classes.told} data-outcome={one.outcome === null ? "refused" : "would"}>
              {one.outcome === null
                ? texts.notTakenOne(
                    one.is_of_entry ? texts.exceptionNextOfEntry : texts.exceptionOtherwise[one.category],
                  )
                : texts.wouldBe[one.outcome]}
              {one.ends_run && <> {texts.endsItsRun}</>}
            </span>
          </li>
        ))}
      </Rows>
    </>
  );
}

/** What became of each. */
export function BecameOf({ done, seen, close }: { done: Preview; seen: Preview; close: () => void }) {
  const { texts } = useTexts();
  const names = new Map(
    seen.foreseen.map(one => [one.id, one.name ?? texts.exceptionCategories[one.category]]),
  );
  const counts = new Map<string, number>();
  for (const one of done.done) counts.set(one.outcome, (counts.get(one.outcome) ?? 0) + 1);
  return (
    <>
      <div role="status" className={classes.count}>
        {counts.size === 0 ? (
          <p>{texts.nothingDone}</p>
        ) : (
          [...counts].map(([outcome, count]) => <p key={outcome}>{texts.actedOn(count, outcome)}</p>)
        )}
      </div>
      {done.done.length > 0 && (
        <Rows>
          {done.done.map(one => (
            <li key={one.id} className={classes.row}>
              <span className={classes.name} dir="auto">
                {names.get(one.id) ?? one.id}
              </span>
              <span />
              <span className={classes.told} data-outcome={one.outcome}>
                {texts.became[one.outcome]}
                {one.why && (
                  <>
                    {": "}
                    <bdi>{texts.refusalWords(one.why)}</bdi>
                  </>
                )}
              </span>
            </li>
          ))}
        </Rows>
      )}
      <DialogActs>
        <Button onClick={close} data-autofocus>
          {texts.close}
        </Button>
      </DialogActs>
    </>
  );
}

const Rows = ({ children }: { children: ReactNode }) => (
  // A list that is scrolled has to be reached by keys.
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
  <ul className={classes.rows} tabIndex={0}>
    {children}
  </ul>
);
