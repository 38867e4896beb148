import { Button, Menu } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { type AuditFilter, type AuditLog, auditQuery, brandQuery, sessionQuery } from "../api/queries";
import { useKeys } from "../frame/keys";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { AuditIcon, SearchIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./AuditPage.module.css";
import { AuditSearch } from "./AuditSearch";
import { AuditTable } from "./AuditTable";
import { SealBadge } from "./SealBadge";
import { idOf, short, wanted } from "./wanted";

const LINES = 8;
const EXPORTS = { client: "/v1/audit/export", partner: "/v1/organization/audit/export" };

/**
 * What was done here by whom, what of it is looked for, and whether it is as it was sealed: here is the client that is
 * worked for, or what stands above a partner's clients.
 */
export function AuditPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const log: AuditLog = session.client ? "client" : "partner";
  const filter = useSearch({ from: "/inside/audit" });
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = `${texts.audit} · ${brand.name}`;
  }, [texts, brand]);
  useKeys({ "/": () => field.current?.focus() });
  return (
    <>
      <div className={classes.head}>
        <div className={classes.titleRow}>
          <h1 className={classes.title}>{texts.audit}</h1>
          <div className={classes.act}>
            <Export log={log} filter={filter} />
          </div>
        </div>
        {log === "partner" && <p className={classes.lead}>{texts.auditAbove}</p>}
        <SealBadge log={log} />
        <AuditSearch field={field} />
        <Trail filter={filter} />
      </div>
      <Records log={log} filter={filter} />
    </>
  );
}

interface Shown {
  log: AuditLog;
  filter: AuditFilter;
}

function Records({ log, filter }: Shown) {
  const { texts } = useTexts();
  const navigate = useNavigate({ from: "/audit" });
  const listed = useInfiniteQuery(auditQuery(log, filter));
  if (listed.isPending) return <LinesSkeleton lines={LINES} />;
  if (listed.error && !listed.data)
    return <Failure error={listed.error} reset={() => void listed.refetch()} />;
  const rows = (listed.data?.pages ?? []).flatMap(page => page.items);
  if (rows.length > 0) {
    return (
      <AuditTable
        rows={rows}
        more={listed.hasNextPage}
        loading={listed.isFetchingNextPage}
        onMore={() => void listed.fetchNextPage()}
      />
    );
  }
  if (!filter.find && !filter.since && !filter.until) {
    return <Notice icon={<AuditIcon />} title={texts.auditEmptyTitle} body={texts.auditEmptyBody} />;
  }
  return (
    <Notice
      icon={<SearchIcon />}
      title={texts.auditNoMatchTitle}
      body={log === "client" ? texts.auditNoMatchBody : texts.auditNoMatchAbove}
    >
      <Button variant="default" onClick={() => void navigate({ search: {} })}>
        {texts.auditAll}
      </Button>
    </Notice>
  );
}

/** Whose trail is shown, in words, and the way back to everything. */
function Trail({ filter }: { filter: AuditFilter }) {
  const { texts } = useTexts();
  const navigate = useNavigate({ from: "/audit" });
  const id = filter.find ? idOf(filter.find) : null;
  if (!id) return null;
  return (
    <p className={classes.trail}>
      {texts.auditTrailOf} <strong title={id}>{short(id)}</strong>
      <Button variant="subtle" size="compact-xs" onClick={() => void navigate({ search: {} })}>
        {texts.auditAll}
      </Button>
    </p>
  );
}

function Export({ log, filter }: Shown) {
  const { texts } = useTexts();
  const address = (format: string) =>
    `${EXPORTS[log]}?${new URLSearchParams({ format, ...wanted(filter) }).toString()}`;
  return (
    <Menu position="bottom-end" withinPortal={false}>
      <Menu.Target>
        <Button variant="default">{texts.auditExport}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address("jsonl")} download>
          {texts.auditExportLines}
        </Menu.Item>
        <Menu.Item component="a" href={address("csv")} download>
          {texts.auditExportTable}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
