import { Skeleton } from "@mantine/core";
import { useDelay } from "../display/now";
import classes from "./RowsSkeleton.module.css";

const WIDTHS = [38, 52, 44, 60, 36, 48, 56, 42, 50, 40];

/** The list's own layout, once waiting is long enough to be noticed. */
export function RowsSkeleton() {
  if (!useDelay()) return null;
  return (
    <div className={classes.rows} aria-busy="true">
      {WIDTHS.map(width => (
        <div key={width} className={classes.row}>
          <Skeleton height={12} width={`${width}%`} />
          <Skeleton height={12} width={84} />
          <span />
          <Skeleton height={12} width={120} />
          <Skeleton height={12} width={72} />
          <Skeleton height={12} width={48} className={classes.end ?? ""} />
        </div>
      ))}
    </div>
  );
}
