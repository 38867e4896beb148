import type { ReactNode } from "react";
import header from "../run/RunHeader.module.css";
import { ChevronIcon } from "../states/icons";
import { useTexts } from "../texts/texts";

/** From here on a name breaks anywhere. */
const LONG = 40;

interface Props {
  /** The link to the list that it is of. */
  from: ReactNode;
  title: string;
  /** Beside the title: what state it is in. */
  mark: ReactNode;
  children?: ReactNode;
}

/** Where one is, and what one looks at: the head of the page of one order, hold or exception. */
export function PageHead({ from, title, mark, children }: Props) {
  const { texts } = useTexts();
  return (
    <header className={header.head}>
      <nav className={header.trail} aria-label={texts.back}>
        {from}
        <ChevronIcon width={12} height={12} />
        <span className={header.here}>{title}</span>
      </nav>
      <div className={header.titleRow}>
        <h1 className={header.title} dir="auto" data-long={title.length > LONG || undefined} title={title}>
          {title}
        </h1>
        {mark}
      </div>
      {children}
    </header>
  );
}
