import { useTexts } from "../texts/texts";
import classes from "../webhooks/marks.module.css";
import type { Level } from "./queries";

const ROLES: Record<Level, string> = {
  certified: "success",
  "certified before": "quiet",
  simulated: "quiet",
  "not certified": "warning",
};

/** How far a connector is proven; it stands wherever a connector is named. */
export function LevelMark({ level }: { level: Level }) {
  const { texts } = useTexts();
  return (
    <span className={classes.mark} data-role={ROLES[level]}>
      {texts.levels[level]}
    </span>
  );
}
