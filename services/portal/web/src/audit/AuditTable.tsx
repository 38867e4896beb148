import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import type { AuditRecord } from "../api/queries";
import { CopyText } from "../display/CopyText";
import { human } from "../display/names";
import { useNow } from "../display/now";
import { absolute, relative } from "../display/time";
import { Listing, listing } from "../pages/Listing";
import { Payload } from "../run/Payload";
import { ChevronIcon, LockIcon, WaitingIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./AuditTable.module.css";
import { idOf, plain, short } from "./wanted";

interface Props {
  rows: AuditRecord[];
  more: boolean;
  loading: boolean;
  onMore: () => void;
}

export function AuditTable({ rows, more, loading, onMore }: Props) {
  const { texts } = useTexts();
  const now = useNow(10_000);
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Listing
      page
      label={texts.audit}
      columns={(["at", "action", "actor", "target", "seal"] as const).map(
        name => [texts.auditColumns[name], classes[name]] as const,
      )}
      shown={texts.auditShown(rows.length, more)}
      more={more}
      loading={loading}
      onMore={onMore}
    >
      {rows.map(record => (
        <Fragment key={record.id}>
          <Row
            record={record}
            now={now}
            open={open === record.id}
            toggle={() => setOpen(was => (was === record.id ? null : record.id))}
          />
          {open === record.id && (
            <tr role="row" className={classes.more}>
              <td role="cell" colSpan={5} id={`about-${record.id}`}>
                <Details record={record} />
              </td>
            </tr>
          )}
        </Fragment>
      ))}
    </Listing>
  );
}

interface RowProps {
  record: AuditRecord;
  now: number;
  open: boolean;
  toggle: () => void;
}

function Row({ record, now, open, toggle }: RowProps) {
  const { texts, language } = useTexts();
  return (
    <tr role="row" className={`${listing.row} ${classes.row}`} data-open={open || undefined}>
      <td role="cell" className={`${listing.quiet} ${classes.at}`}>
        <time dateTime={record.at} title={absolute(language, record.at)}>
          {relative(language, record.at, now, texts.justNow)}
        </time>
      </td>
      <td role="cell" className={classes.action}>
        <button
          type="button"
          className={`${listing.open} ${classes.open}`}
          onClick={toggle}
          aria-expanded={open}
          aria-controls={open ? `about-${record.id}` : undefined}
          aria-label={texts.auditOpen(record.action)}
        >
          <ChevronIcon className={classes.chevron} width={12} height={12} />
          {plain(record.action)}
        </button>
      </td>
      <td role="cell" className={classes.actor} title={plain(record.actor)}>
        <Who record={record} />
      </td>
      <td role="cell" className={classes.target} title={plain(record.target)}>
        <Cut text={record.target} />
      </td>
      <td role="cell" className={classes.seal}>
        <Sealed batch={record.batch} />
      </td>
    </tr>
  );
}

function Sealed({ batch }: { batch: number | null }) {
  const { texts } = useTexts();
  const sealed = batch !== null;
  const hint = sealed ? texts.auditSealed(batch) : texts.auditUnsealed;
  return (
    <span className={classes.mark} data-sealed={sealed} title={hint}>
      {sealed ? <LockIcon width={12} height={12} /> : <WaitingIcon width={12} height={12} />}
      <span className={classes.number}>{sealed ? batch : texts.auditUnsealedShort}</span>
    </span>
  );
}

function Who({ record }: { record: AuditRecord }) {
  const { texts } = useTexts();
  const [kind = "", rest] = record.actor.split(":", 2);
  const words: Record<string, string> = {
    engine: texts.auditEngine,
    schedule: texts.auditEngine,
    key: texts.auditKey,
    account: texts.auditAccount,
    acting: texts.auditActing,
    pseudonym: texts.auditErased,
    cli: texts.auditOperator,
  };
  return (
    <bdi>
      {words[kind] ?? human(plain(kind))}
      {rest && kind !== "cli" && (
        <span className={classes.quiet}>
          {" "}
          <Cut text={rest} />
        </span>
      )}
    </bdi>
  );
}

/** Enough of an id, written as ids are; other texts as they are. */
function Cut({ text }: { text: string }) {
  return <bdi className={idOf(text) ? "mono" : undefined}>{plain(short(text))}</bdi>;
}

function Details({ record }: { record: AuditRecord }) {
  const { texts, language } = useTexts();
  return (
    <div className={classes.details}>
      <dl className={classes.facts}>
        <Fact name={texts.auditColumns.at}>{absolute(language, record.at)}</Fact>
        <Fact name={texts.auditColumns.actor}>
          <Named text={record.actor} />
          {record.on_behalf_of && <span className={classes.quiet}> {texts.auditOnBehalf}</span>}
        </Fact>
        <Fact name={texts.auditColumns.target}>
          <Named text={record.target} />
        </Fact>
        <Fact name={texts.auditRecord}>
          <CopyText text={record.id} />
        </Fact>
        <Fact name={texts.auditColumns.seal}>
          {record.batch === null ? texts.auditUnsealed : texts.auditSealed(record.batch)}
        </Fact>
      </dl>
      {record.is_veiled && <p className={classes.veiled}>{texts.auditVeiled}</p>}
      <h2 className={classes.title}>{texts.auditAfter}</h2>
      {record.after === null ? (
        <p className={classes.quiet}>{texts.auditNothing}</p>
      ) : (
        <div className={classes.after} dir="auto">
          <Payload value={shown(record.after)} />
        </div>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Whole, and with the way to all that it did and that was done to it. */
function Named({ text }: { text: string }) {
  const { texts } = useTexts();
  const id = idOf(text);
  return (
    <>
      <bdi className={classes.whole}>{plain(text)}</bdi>
      {id && (
        <Link to="/audit" search={{ find: id }} className={classes.trail}>
          {texts.auditTrail}
        </Link>
      )}
    </>
  );
}

/** Every text in it without what could turn it round. */
function shown(value: unknown): unknown {
  if (typeof value === "string") return plain(value);
  if (Array.isArray(value)) return value.map(shown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [plain(name), shown(item)]));
}
