import { Tooltip } from "@mantine/core";
import { freshness } from "../api/changes";
import { useSignal } from "../api/signal";
import { clock } from "../display/time";
import { useTexts } from "../texts/texts";
import classes from "./Freshness.module.css";

/** Whether what is shown is the present; said in words, beside a dot. */
export function Freshness() {
  const { texts, language } = useTexts();
  const { live, since } = useSignal(freshness);
  const time = clock(language, since);
  return (
    <Tooltip label={live ? texts.liveHint : texts.offlineHint} openDelay={300} multiline maw={260}>
      <span className={classes.fresh} data-live={live} role="status">
        <span className={classes.dot} aria-hidden="true" />
        {live ? texts.live : texts.asOf(time)}
      </span>
    </Tooltip>
  );
}
