import { useState } from "react";
import type { Brand } from "../api/queries";
import { initials } from "../display/names";
import classes from "./BrandMark.module.css";

/** A logo wider than this holds the name itself. */
const WORDMARK = 2;

interface Props {
  brand: Brand;
  size: number;
  /** Whether the name stands beside a mark. */
  named?: boolean;
}

/** The partner's own: its logo, else its initials on its colour; and its name, where the logo is a mark only. */
export function BrandMark({ brand, size, named = false }: Props) {
  const [wordmark, setWordmark] = useState(false);
  return (
    <>
      {brand.logo ? (
        <img
          className={classes.logo}
          src="/portal/logo.svg"
          alt={named && !wordmark ? "" : brand.name}
          height={size}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setWordmark(naturalWidth > naturalHeight * WORDMARK)
          }
        />
      ) : (
        <Initials name={brand.name} size={size} />
      )}
      {named && !wordmark && <span className={classes.name}>{brand.name}</span>}
    </>
  );
}

function Initials({ name, size }: { name: string; size: number }) {
  return (
    <svg className={classes.mark} width={size} height={size} viewBox="0 0 40 40" role="img" aria-label={name}>
      <rect width="40" height="40" rx="9" />
      <text x="20" y="26" textAnchor="middle">
        {initials(name)}
      </text>
    </svg>
  );
}
