import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "../texts/texts";
import classes from "./Listing.module.css";

interface Props {
  label: string;
  /** What stands above each column, and the class that says how wide it is. */
  columns: (readonly [title: string, className?: string | undefined])[];
  /** The list is the page, so that its head stays. */
  page?: boolean;
  /** Rows: `tr` of the class `listing.row`. */
  children: ReactNode;
  /** How many are shown, in words. */
  shown: string;
  more: boolean;
  moreWord?: string;
  loading: boolean;
  onMore: () => void;
}

/** Records as a table on a desk and as lines on a phone, and the way to more of them. */
export function Listing({ label, columns, page, children, shown, more, moreWord, loading, onMore }: Props) {
  const { texts } = useTexts();
  return (
    <>
      {/* Roles are written out: on a phone the rows are no table to CSS, and stay one to those who hear. */}
      <table role="table" className={classes.table} aria-label={label} data-page={page || undefined}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(([title, className]) => (
              <th key={title} role="columnheader" scope="col" className={className}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">{children}</tbody>
      </table>
      <div className={classes.foot}>
        <span className="numbers">{shown}</span>
        {more && (
          <Button variant="default" size="xs" onClick={onMore} loading={loading}>
            {moreWord ?? texts.more}
          </Button>
        )}
      </div>
    </>
  );
}

export const listing = classes;
