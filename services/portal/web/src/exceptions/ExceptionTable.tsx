import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import { Actor } from "../deployments/Actor";
import { money } from "../display/money";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Listing, listing } from "../pages/Listing";
import { ChevronIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./ExceptionTable.module.css";
import { type Action, type Exception, TAKES } from "./queries";

const MINUTE = 60_000;

interface Props {
  rows: Exception[];
  may: boolean;
  more: boolean;
  loading: boolean;
  onMore: () => void;
  ask: (action: Action, one: Exception) => void;
}

export function ExceptionTable({ rows, may, more, loading, onMore, ask }: Props) {
  const { texts } = useTexts();
  const now = useNow(MINUTE);
  const [open, setOpen] = useState<string | null>(null);
  const of = texts.exceptionColumns;
  return (
    <Listing
      label={texts.exceptions}
      columns={[
        [of.what],
        [of.why, classes.why],
        [of.value, classes.value],
        [of.deadline, classes.deadline],
        [of.owner, classes.owner],
        [of.since, classes.since],
      ]}
      shown={texts.exceptionsShown(rows.length, more)}
      more={more}
      moreWord={texts.moreOfThem}
      loading={loading}
      onMore={onMore}
    >
      {rows.map(one => (
        <Fragment key={one.id}>
          <Row
            one={one}
            now={now}
            open={open === one.id}
            toggle={() => setOpen(was => (was === one.id ? null : one.id))}
          />
          {open === one.id && (
            <tr role="row" className={classes.more}>
              <td role="cell" colSpan={6} id={`about-${one.id}`}>
                <Details one={one} may={may} ask={ask} />
              </td>
            </tr>
          )}
        </Fragment>
      ))}
    </Listing>
  );
}

interface RowProps {
  one: Exception;
  now: number;
  open: boolean;
  toggle: () => void;
}

function Row({ one, now, open, toggle }: RowProps) {
  const { texts, language } = useTexts();
  const late = one.deadline !== null && new Date(one.deadline).getTime() < now;
  const words = one.title ?? texts.exceptionCategories[one.category];
  return (
    <tr role="row" className={`${listing.row} ${classes.row}`} data-open={open || undefined}>
      <td role="cell" className={classes.what}>
        <button
          type="button"
          className={`${listing.open} ${classes.open}`}
          onClick={toggle}
          aria-expanded={open}
          aria-controls={open ? `about-${one.id}` : undefined}
        >
          <ChevronIcon className={classes.chevron} width={12} height={12} />
          <bdi>{one.business_key ?? one.deployment_name ?? texts.exceptionCategories[one.category]}</bdi>
        </button>
      </td>
      <td role="cell" className={classes.why} title={words} dir="auto">
        {words}
      </td>
      <td role="cell" className={`${classes.value} numbers`}>
        {one.value ? money(language, one.value) : "–"}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.deadline}`}>
        {one.deadline ? (
          <time
            dateTime={one.deadline}
            title={absolute(language, one.deadline)}
            data-late={late || undefined}
          >
            {late
              ? texts.overdue(relative(language, one.deadline, now, texts.justNow))
              : absolute(language, one.deadline)}
          </time>
        ) : (
          "–"
        )}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.owner}`}>
        {one.owner ? <Owner owner={one.owner} /> : texts.nobodys}
      </td>
      <td role="cell" className={`${listing.quiet} ${classes.since}`}>
        <time dateTime={one.opened_at} title={absolute(language, one.opened_at)}>
          {relative(language, one.opened_at, now, texts.justNow)}
        </time>
      </td>
    </tr>
  );
}

function Owner({ owner }: { owner: string }) {
  const role = owner.startsWith("role:") ? owner.slice("role:".length) : null;
  return role === null ? <Actor actor={owner} /> : <bdi title={role}>{role}</bdi>;
}

function Details({ one, may, ask }: { one: Exception; may: boolean; ask: Props["ask"] }) {
  const { texts } = useTexts();
  return (
    <div className={classes.details}>
      <p className={classes.next}>{texts.exceptionNext[one.category]}</p>
      <dl className={classes.facts}>
        {one.title && <Fact name={texts.exceptionColumns.why}>{one.title}</Fact>}
        {one.run && (
          <Fact name={texts.exceptionRun}>
            <Link to="/runs/$run" params={{ run: one.run }} search={{}}>
              {one.business_key ?? texts.noKey}
            </Link>
          </Fact>
        )}
        {one.workflow && <Fact name={texts.exceptionWorkflow}>{one.template ?? one.workflow}</Fact>}
        {one.reference && (
          <Fact name={texts.exceptionTask}>
            <bdi className="mono">{one.reference}</bdi>
          </Fact>
        )}
        {one.times > 1 && <Fact name={texts.exceptionTimes}>{String(one.times)}</Fact>}
        {one.note && <Fact name={texts.exceptionNote}>{one.note}</Fact>}
      </dl>
      {may && (
        <div className={classes.acts}>
          {TAKES[one.category]
            .filter(act => !(one.entry && act !== "assign"))
            .map(act => (
              <Button key={act} variant="default" size="xs" onClick={() => ask(act, one)}>
                {texts.exceptionActs[act].act}
              </Button>
            ))}
        </div>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}
