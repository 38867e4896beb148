import { Skeleton } from "@mantine/core";
import { useDelay } from "../display/now";
import classes from "./LinesSkeleton.module.css";

/** Where a short list will stand, once waiting is long enough to be noticed. */
export function LinesSkeleton({ lines }: { lines: number }) {
  if (!useDelay()) return null;
  return (
    <div className={classes.lines} aria-busy="true">
      {Array.from({ length: lines }, (_, line) => `${line}`).map(line => (
        <div key={line} className={classes.line}>
          <Skeleton height={12} width="40%" />
          <Skeleton height={12} width={72} />
        </div>
      ))}
    </div>
  );
}
