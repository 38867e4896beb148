import { useMemo } from "react";
import { useTexts } from "../texts/texts";
import classes from "./KeyPicture.module.css";
import { picture } from "./qr";

/** For the camera of the phone that the app is on; nothing where the address is too long for one. */
export function KeyPicture({ uri }: { uri: string }) {
  const { texts } = useTexts();
  const rows = useMemo(() => picture(uri), [uri]);
  if (!rows) return null;
  // Cameras want a margin of four.
  const side = rows.length + 8;
  const squares = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")));
  return (
    <svg
      className={classes.picture}
      viewBox={`0 0 ${side} ${side}`}
      shapeRendering="crispEdges"
      role="img"
      aria-label={texts.keyPicture}
    >
      <path d={squares.join("")} />
    </svg>
  );
}
