import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { money } from "../display/money";
import { human } from "../display/names";
import { useNow } from "../display/now";
import { useTexts } from "../texts/texts";
import { Due } from "./Due";
import type { Shown, Task } from "./queries";
import classes from "./TaskList.module.css";

const MINUTE = 60_000;

interface Props {
  rows: Task[];
  shown: Shown;
  chosen: string | undefined;
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

export function TaskList({ rows, shown, chosen, more, loading, onMore }: Props) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  return (
    <>
      <ul className={classes.rows} aria-label={texts.inbox}>
        {rows.map(one => (
          <li key={one.id} className={classes.row} data-chosen={one.id === chosen || undefined}>
            <Link
              to="/inbox/$task"
              params={{ task: one.id }}
              search={shown}
              className={classes.link}
              aria-current={one.id === chosen ? "true" : undefined}
              dir="auto"
              data-row
            >
              {one.title ?? human(one.kind)}
            </Link>
            <span className={classes.facts}>
              <Due due={one.due} now={now} />
              {one.value && <span className="numbers">{money(language, one.value)}</span>}
              <span>{one.assignee ? texts.taskStandings[one.state] : one.role}</span>
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
