import { Button, Checkbox } from "@mantine/core";
import { useTexts } from "../texts/texts";
import classes from "./ChosenBar.module.css";
import type { Action } from "./queries";
import { type Chosen, MOST } from "./useChosen";

interface Props {
  chosen: Chosen;
  shown: number;
  /** Whether the filter finds more than is shown; and whether all of it can be named, which one's own queue cannot. */
  more: boolean;
  ask: (action: Action) => void;
}

/** How many are chosen, and what can be done with them; what happens to each is shown before it does. */
export function ChosenBar({ chosen, shown, more, ask }: Props) {
  const { texts } = useTexts();
  const count = chosen.ids.length;
  const most = Math.min(shown, MOST);
  return (
    <div className={classes.bar}>
      <Checkbox
        size="xs"
        label={
          count === 0
            ? texts.chooseExceptions
            : chosen.all
              ? texts.allThatMatch
              : texts.chosenExceptions(count)
        }
        checked={count > 0 && count >= most}
        indeterminate={count > 0 && count < most}
        onChange={chosen.turnAll}
      />
      {count > 0 && (
        <span className={classes.acts}>
          {more && count >= most && !chosen.all && (
            <Button variant="subtle" size="xs" onClick={chosen.takeAll}>
              {texts.takeAllThatMatch}
            </Button>
          )}
          {chosen.acts.map(one => (
            <Button key={one} variant="default" size="xs" onClick={() => ask(one)}>
              {texts.exceptionActs[one].act}
            </Button>
          ))}
        </span>
      )}
    </div>
  );
}
