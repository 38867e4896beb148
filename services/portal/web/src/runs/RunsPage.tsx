import { useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { brandQuery } from "../api/queries";
import { Freshness } from "../frame/Freshness";
import { useKeys } from "../frame/keys";
import { Failure } from "../pages/Failure";
import { useTexts } from "../texts/texts";
import { NewRuns } from "./NewRuns";
import { NoRuns } from "./NoRuns";
import { RowsSkeleton } from "./RowsSkeleton";
import { RunSearch } from "./RunSearch";
import classes from "./RunsPage.module.css";
import { RunTable } from "./RunTable";
import { useRowKeys } from "./rowKeys";
import { useRunRows } from "./rows";
import { SendSample } from "./SendSample";
import { StateFilter } from "./StateFilter";

export function RunsPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const filter = useSearch({ from: "/inside/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const search = useRef<HTMLInputElement>(null);
  const { rows, listed, isPending, error } = useRunRows(filter);
  useEffect(() => {
    document.title = `${texts.runs} · ${brand.name}`;
  }, [texts, brand]);
  useKeys({ "/": () => search.current?.focus() });
  useRowKeys();
  const clear = () => void navigate({ search: {} });
  return (
    <>
      <div className={classes.head}>
        <div className={classes.titleRow}>
          <h1 className={classes.title}>{texts.runs}</h1>
          <Freshness />
          <div className={classes.act}>
            <SendSample />
          </div>
        </div>
        <div className={classes.tools}>
          <RunSearch field={search} />
          <StateFilter />
        </div>
      </div>
      <NewRuns filter={filter} rows={rows} />
      <Listing
        state={isPending ? "pending" : error ? "error" : rows.length === 0 ? "empty" : "rows"}
        pending={<RowsSkeleton />}
        failed={<Failure error={error ?? new Error()} reset={() => void listed.refetch()} />}
        empty={<NoRuns filter={filter} clear={clear} />}
        rows={
          <RunTable
            rows={rows}
            more={listed.hasNextPage}
            loading={listed.isFetchingNextPage}
            onMore={() => void listed.fetchNextPage()}
          />
        }
      />
    </>
  );
}

interface Parts {
  state: "pending" | "error" | "empty" | "rows";
  pending: React.ReactNode;
  failed: React.ReactNode;
  empty: React.ReactNode;
  rows: React.ReactNode;
}

function Listing({ state, pending, failed, empty, rows }: Parts) {
  return { pending, error: failed, empty, rows }[state];
}
