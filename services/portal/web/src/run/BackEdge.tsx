import { BaseEdge, type Edge, type EdgeProps } from "@xyflow/react";

/** Ways back up, beside the steps that they pass: `points` in pixels of the drawing, corners between them. */
export type BackEdgeData = Edge<{ points: [number, number][] }, "back">;

const RADIUS = 6;

export function BackEdge({ id, data, label }: EdgeProps<BackEdgeData>) {
  const points = data?.points ?? [];
  const [, corner] = points;
  const middle = ((points[1]?.[1] ?? 0) + (points[2]?.[1] ?? 0)) / 2;
  return <BaseEdge id={id} path={rounded(points)} label={label} labelX={corner?.[0] ?? 0} labelY={middle} />;
}

function rounded(points: readonly [number, number][]): string {
  return points
    .map(([x, y], place) => {
      const before = points[place - 1];
      const after = points[place + 1];
      if (!before) return `M${x},${y}`;
      if (!after) return `L${x},${y}`;
      const [ax, ay] = towards([x, y], before);
      const [bx, by] = towards([x, y], after);
      return `L${ax},${ay} Q${x},${y} ${bx},${by}`;
    })
    .join(" ");
}

function towards([x, y]: [number, number], [otherX, otherY]: [number, number]): [number, number] {
  const length = Math.hypot(otherX - x, otherY - y) || 1;
  const share = Math.min(RADIUS, length / 2) / length;
  return [x + (otherX - x) * share, y + (otherY - y) * share];
}
