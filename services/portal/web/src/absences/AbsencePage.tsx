import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { useNameOf } from "../inbox/colleagues";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { useTexts } from "../texts/texts";
import { AbsenceForm } from "./AbsenceForm";
import classes from "./AbsencePage.module.css";
import { lastDay } from "./days";
import { type Absence, absencesQuery } from "./queries";

/** When somebody is away and who acts for them; below, which colleagues are. */
export function AbsencePage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data, error, refetch } = useQuery(absencesQuery);
  useEffect(() => {
    document.title = `${texts.absence} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  const mine = data?.items.find(one => one.person === session.account.id) ?? null;
  const others = data?.items.filter(one => one.person !== session.account.id) ?? [];
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{texts.absence}</h1>
      <p className={classes.lead}>{texts.absenceBody}</p>
      {data ? <AbsenceForm mine={mine} me={session.account.id} /> : <LinesSkeleton lines={4} />}
      {others.length > 0 && (
        <section aria-label={texts.colleaguesAway}>
          <h2 className={classes.subtitle}>{texts.colleaguesAway}</h2>
          <ul className={classes.others}>
            {others.map(one => (
              <Away key={one.person} one={one} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Away({ one }: { one: Absence }) {
  const { texts, language } = useTexts();
  const nameOf = useNameOf();
  const day = (text: string) =>
    new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" }).format(
      new Date(text),
    );
  const substitute = one.substitute && (nameOf(one.substitute) ?? texts.somebody);
  return (
    <li className={classes.other}>
      <bdi className={classes.name}>{nameOf(one.person) ?? texts.somebody}</bdi>
      <span className={classes.quiet}>
        {texts.awayBetween(day(one.since), day(`${lastDay(one.until)}T12:00:00`))}
        {substitute ? ` ${texts.actsForThem(substitute)}` : ` ${texts.nobodyActs}`}
      </span>
    </li>
  );
}
