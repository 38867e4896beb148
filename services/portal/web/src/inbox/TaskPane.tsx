import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { NoteWorkaround } from "../byhand/NoteWorkaround";
import { money } from "../display/money";
import { human } from "../display/names";
import { useNow } from "../display/now";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Payload } from "../run/Payload";
import { useTexts } from "../texts/texts";
import { Attachments } from "./Attachments";
import { useNameOf } from "./colleagues";
import { Decide } from "./Decide";
import { Due } from "./Due";
import { History } from "./History";
import { TaskMark } from "./marks";
import { Others } from "./Others";
import { Outside } from "./Outside";
import { type Shown, type TaskView, taskQuery } from "./queries";
import { Related, useSeesRelated } from "./Related";
import { Runbook } from "./Runbook";
import { TaskActs } from "./TaskActs";
import classes from "./TaskPane.module.css";

const MINUTE = 60_000;

interface Props {
  id: string;
  shown: Shown;
  /** Opens the one after it. */
  next: () => void;
}

/** One task: what is asked, what it stands on, and the way to decide it. */
export function TaskPane({ id, shown, next }: Props) {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data, error, refetch } = useQuery(taskQuery(id));
  const sees = useSeesRelated();
  const title = data ? (data.task.title ?? human(data.task.kind)) : texts.inbox;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  return (
    <article className={classes.pane} aria-label={title}>
      <Link to="/inbox" search={shown} className={classes.back}>
        {texts.inbox}
      </Link>
      {error && !data ? (
        <Failure error={error} reset={() => void refetch()} />
      ) : !data ? (
        <LinesSkeleton lines={8} />
      ) : (
        <>
          <Head task={data.task} title={title} />
          <TaskActs task={data.task} />
          <Others task={data.task} me={session.account.id} />
          {data.task.outside && <Outside task={data.task} asked={data.task.outside} />}
          <div
            className={classes.body}
            data-beside={hasFacts(data.task) || (sees && data.task.entity !== null) || undefined}
          >
            <div className={classes.work}>
              {data.task.instructions && (
                <p className={classes.instructions} dir="auto">
                  {data.task.instructions}
                </p>
              )}
              {/* What is filled in outlasts a word or a file that comes meanwhile, and nothing that changes what is shown. */}
              <Decide key={data.task.saw} read={data} next={next} />
              {data.task.runbook && <Runbook text={data.task.runbook} />}
            </div>
            <Facts task={data.task} />
            {sees && data.task.entity && (
              <div className={classes.related}>
                <Related key={data.task.entity.key} about={data.task.entity} />
              </div>
            )}
          </div>
          <div className={classes.aside}>
            <NoteWorkaround step={data.task.kind} about={data.task.entity} />
          </div>
          <Attachments task={data.task} />
          <History task={data.task} />
        </>
      )}
    </article>
  );
}

function Head({ task, title }: { task: TaskView; title: string }) {
  const { texts, language } = useTexts();
  const now = useNow(MINUTE);
  const isOpen = task.closed_at === null;
  const holder = useNameOf()(task.assignee);
  return (
    <>
      <div className={heading.head}>
        <h1 className={heading.title} dir="auto">
          {title}
        </h1>
        <TaskMark state={task.state} />
      </div>
      <p className={heading.facts}>
        {isOpen && <Due due={task.due} now={now} />}
        {task.value && <span className="numbers">{texts.atStake(money(language, task.value))}</span>}
        {task.role && <span>{texts.queueOf(task.role)}</span>}
        {isOpen && holder && <bdi>{texts.heldBy(holder)}</bdi>}
        <Link to="/runs/$run" params={{ run: task.run }} search={{}}>
          {task.entity ? `${human(task.entity.kind)} ${task.entity.key}` : texts.itsRun}
        </Link>
      </p>
    </>
  );
}

const isTold = (value: unknown): boolean =>
  value !== null && typeof value === "object" && Object.keys(value).length > 0;

const hasFacts = (task: TaskView): boolean =>
  isTold(task.shown) || (task.decision !== null && isTold(task.facts));

/** What the decision stands on, beside where it is made. */
function Facts({ task }: { task: TaskView }) {
  const { texts } = useTexts();
  const parts = [
    [texts.taskShown, task.shown],
    [texts.taskFacts, task.decision ? task.facts : null],
  ] as const;
  const told = parts.filter(([, value]) => isTold(value));
  if (told.length === 0) return null;
  return (
    <div className={classes.beside}>
      {told.map(([name, value]) => (
        <section key={name} aria-label={name}>
          <h2 className={classes.subtitle}>{name}</h2>
          <Payload value={value} />
        </section>
      ))}
    </div>
  );
}
