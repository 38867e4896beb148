import { Skeleton } from "@mantine/core";
import classes from "./RunSkeleton.module.css";

const NODES = ["a", "b", "c", "d", "e", "f", "g", "h"];

export function RunSkeleton() {
  return (
    <div aria-busy="true">
      <div className={classes.head}>
        <Skeleton height={12} width={120} />
        <Skeleton height={20} width={228} />
        <Skeleton height={28} width={480} maw="100%" />
      </div>
      <div className={classes.columns}>
        <div className={classes.notes}>
          <Skeleton height={96} radius={8} />
        </div>
        <div className={classes.graph}>
          <GraphSkeleton />
        </div>
        <div className={classes.lines}>
          {NODES.map(line => (
            <Skeleton key={line} height={12} />
          ))}
        </div>
      </div>
    </div>
  );
}

export function GraphSkeleton() {
  return (
    <div className={classes.nodes} aria-busy="true">
      {NODES.map(node => (
        <Skeleton key={node} height={44} width={220} />
      ))}
    </div>
  );
}
