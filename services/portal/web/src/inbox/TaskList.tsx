import { Button, Checkbox } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { money } from "../display/money";
import { human } from "../display/names";
import { useNow } from "../display/now";
import { useTexts } from "../texts/texts";
import type { Choosing } from "./choosing";
import { useNameOf } from "./colleagues";
import { Due } from "./Due";
import type { Shown, Task } from "./queries";
import classes from "./TaskList.module.css";

const MINUTE = 60_000;

interface Props {
  rows: readonly Task[];
  /** Null: none is to be chosen, as of what is over. */
  choosing: Choosing | null;
  shown: Shown;
  chosen: string | undefined;
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

export function TaskList({ rows, choosing, shown, chosen, more, loading, onMore }: Props) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  const nameOf = useNameOf();
  return (
    <>
      <ul className={classes.rows} aria-label={texts.inbox}>
        {rows.map(one => (
          <li
            key={one.id}
            className={classes.row}
            data-chosen={one.id === chosen || undefined}
            data-choosing={choosing ? true : undefined}
          >
            {choosing && (
              <Checkbox
                className={classes.choose ?? ""}
                size="xs"
                aria-label={texts.chooseOne(one.title ?? human(one.kind))}
                checked={choosing.has(one.id)}
                onChange={() => choosing.turn(one.id)}
              />
            )}
            <Link
              to="/inbox/$task"
              params={{ task: one.id }}
              search={shown}
              className={classes.link}
              aria-current={one.id === chosen ? "true" : undefined}
              dir="auto"
              data-row
              data-task={one.id}
            >
              {one.title ?? human(one.kind)}
            </Link>
            <span className={classes.facts}>
              {one.closed_at === null && <Due due={one.due} now={now} />}
              {one.value && <span className="numbers">{money(language, one.value)}</span>}
              <span>{one.assignee || one.closed_at ? texts.taskStandings[one.state] : one.role}</span>
              {one.assignee && nameOf(one.assignee) && <bdi>{nameOf(one.assignee)}</bdi>}
              {one.closed_at && one.outcome && <span>{human(one.outcome)}</span>}
            </span>
          </li>
        ))}
      </ul>
      <div className={classes.foot}>
        <span className="numbers">{texts.tasksShown(rows.length, more)}</span>
        {more && (
          <Button variant="default" size="xs" loading={loading} onClick={onMore}>
            {texts.more}
          </Button>
        )}
      </div>
    </>
  );
}
