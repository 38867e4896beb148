import type { Brand } from "../api/queries";
import { initials } from "../display/names";
import classes from "./BrandMark.module.css";

/** The partner's own mark: its logo, else its initials on its colour. */
export function BrandMark({ brand, size = 24 }: { brand: Brand; size?: number }) {
  if (brand.logo)
    return <img className={classes.logo} src="/portal/logo.svg" alt={brand.name} height={size} />;
  return (
    <svg
      className={classes.mark}
      width={size}
      height={size}
      viewBox="0 0 40 40"
      role="img"
      aria-label={brand.name}
    >
      <rect width="40" height="40" rx="9" />
      <text x="20" y="26" textAnchor="middle">
        {initials(brand.name)}
      </text>
    </svg>
  );
}
