import { useKeys } from "../frame/keys";

/** j and k move the focus along whatever carries `data-row`; Enter is the link's own. */
export function useRowKeys(): void {
  const move = (step: number) => {
    const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
    if (rows.length === 0) return;
    const at = rows.indexOf(document.activeElement as HTMLElement);
    const next =
      at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
    const row = rows[next];
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };
  const down = () => move(1);
  const up = () => move(-1);
  useKeys({ j: down, k: up, ArrowDown: down, ArrowUp: up });
}
