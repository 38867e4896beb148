import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery } from "../api/queries";
import choices from "../exceptions/ExceptionsPage.module.css";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { ChevronIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./ByHandPage.module.css";
import { FigureTable } from "./FigureTable";
import { FindingList } from "./FindingList";
import { figuresQuery, PERIODS, reEntryQuery } from "./queries";
import { Workarounds } from "./Workarounds";

/** What people do by hand: how often and how long at each step, what they type again, and what they do beside the systems. */
export function ByHandPage() {
  const { texts } = useTexts();
  const shown = useSearch({ from: "/inside/by-hand" });
  const days = shown.days ?? 30;
  const { data: brand } = useSuspenseQuery(brandQuery);
  const figures = useQuery(figuresQuery(days));
  const findings = useQuery(reEntryQuery(days));
  useEffect(() => {
    document.title = `${texts.byHand} · ${brand.name}`;
  }, [texts, brand]);
  const error = figures.error ?? findings.error;
  if (error && !(figures.data && findings.data)) {
    return <Failure error={error} reset={() => void Promise.all([figures.refetch(), findings.refetch()])} />;
  }
  return (
    <div className={classes.page}>
      <nav className={classes.trail} aria-label={texts.back}>
        <Link to="/exceptions" search={{}} className="quiet-link">
          {texts.exceptions}
        </Link>
        <ChevronIcon width={12} height={12} />
        <span>{texts.byHand}</span>
      </nav>
      <div className={choices.head}>
        <h1 className={choices.title}>{texts.byHand}</h1>
        <nav className={choices.choices} aria-label={texts.byHandPeriod}>
          {PERIODS.map(one => (
            <Link
              key={one}
              to="/by-hand"
              search={{ ...shown, days: one === 30 ? undefined : one }}
              className={choices.one}
              data-chosen={one === days || undefined}
            >
              {texts.lastDays(one)}
            </Link>
          ))}
        </nav>
      </div>
      <Workarounds state={shown.state ?? "open"} shown={shown} />
      <section aria-label={texts.reEntry} className={classes.part}>
        <h2 className={classes.heading}>{texts.reEntry}</h2>
        <p className={classes.about}>{texts.reEntryAbout}</p>
        {findings.data ? <FindingList items={findings.data.items} /> : <LinesSkeleton lines={3} />}
      </section>
      <section aria-label={texts.touches} className={classes.part}>
        <h2 className={classes.heading}>{texts.touches}</h2>
        <p className={classes.about}>{texts.touchesAbout}</p>
        {figures.data ? <FigureTable items={figures.data.items} /> : <LinesSkeleton lines={3} />}
      </section>
    </div>
  );
}
