import { Button, Checkbox } from "@mantine/core";
import { useTexts } from "../texts/texts";
import classes from "./Chosen.module.css";
import type { Choosing } from "./choosing";

/** How many are chosen, and what can be done with them together. */
export function Chosen({ choosing, most, decide }: { choosing: Choosing; most: number; decide: () => void }) {
  const { texts } = useTexts();
  const count = choosing.tasks.length;
  return (
    <div className={classes.bar}>
      <Checkbox
        size="xs"
        label={count === 0 ? texts.chooseAll : texts.chosenTasks(count)}
        checked={count > 0 && count >= most}
        indeterminate={count > 0 && count < most}
        onChange={choosing.turnAll}
      />
      {count > 0 && (
        <span className={classes.acts}>
          <Button size="xs" title="d" onClick={decide}>
            {texts.decideChosen}
          </Button>
          <Button variant="default" size="xs" onClick={choosing.clear}>
            {texts.chooseNone}
          </Button>
        </span>
      )}
    </div>
  );
}
