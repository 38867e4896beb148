import type { ReactNode } from "react";
import { absolute, duration, relative } from "../display/time";
import { useTexts } from "../texts/texts";
import classes from "./ConnectionsPage.module.css";
import type { ConnectionHealth } from "./queries";

const DAY = 86_400_000;
const SOON = 14 * DAY;

/** What the last check of a connection found, each fact under its word; what is not known is not shown. */
export function HealthFacts({ one, now }: { one: ConnectionHealth; now: number }) {
  const { texts, language } = useTexts();
  const ago = (at: string) => (
    <time dateTime={at} title={absolute(language, at)}>
      {relative(language, at, now, texts.justNow)}
    </time>
  );
  const count = (number: number) => new Intl.NumberFormat(language).format(number);
  return (
    <dl className={classes.facts}>
      {one.checked_at && <Fact word={texts.checkedAt}>{ago(one.checked_at)}</Fact>}
      {one.last_good_at && <Fact word={texts.lastGood}>{ago(one.last_good_at)}</Fact>}
      {one.error && <Fact word={texts.errorKind}>{texts.healthErrors[one.error] ?? one.error}</Fact>}
      {one.milliseconds !== null && (
        <Fact word={texts.answeredIn}>{duration(language, one.milliseconds)}</Fact>
      )}
      {one.quota && (
        <Fact word={texts.quotaLeft}>
          {one.quota.most === null
            ? count(one.quota.left)
            : texts.quotaOf(count(one.quota.left), count(one.quota.most))}
        </Fact>
      )}
      {one.away ? (
        <Fact word={texts.breaker}>{ago(one.away.since)}</Fact>
      ) : (
        one.state !== "disabled" && <Fact word={texts.breakerWord}>{texts.breakerClosed}</Fact>
      )}
      {one.ends_at && (
        <Fact word={texts.endsAt}>
          <time dateTime={one.ends_at}>{absolute(language, one.ends_at)}</time>
          {one.renews ? ` · ${texts.renewsItself}` : one.ends ? ` · ${one.ends}` : ""}
        </Fact>
      )}
      {!one.rights_known && one.state !== "unknown" && <Fact word={texts.rights}>{texts.rightsUnknown}</Fact>}
    </dl>
  );
}

export function Fact({ word, children }: { word: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What somebody should do about a connection, the worst first. */
export function HealthWarnings({ one, now }: { one: ConnectionHealth; now: number }) {
  const { texts, language } = useTexts();
  const word = one.error && (texts.healthErrors[one.error] ?? one.error);
  const endsSoon =
    one.ends_at !== null && !one.renews && new Date(one.ends_at).getTime() - now < SOON ? one.ends_at : null;
  return (
    <>
      {one.state === "disabled" && (
        <p className={classes.trouble} data-role="warning">
          {texts.isDisabled}
        </p>
      )}
      {one.away ? (
        <p className={classes.trouble} data-role="warning">
          {texts.awayWhy(one.away.reason)}
        </p>
      ) : (
        one.error && (
          <p className={classes.trouble} data-role="danger">
            {one.detail ?? word}
          </p>
        )
      )}
      {endsSoon && (
        <p className={classes.trouble} data-role="warning">
          {texts.endsSoon(absolute(language, endsSoon))}
        </p>
      )}
      {one.excess_rights.length > 0 && (
        <p className={classes.trouble} data-role="warning">
          {texts.tooManyRights(one.excess_rights.join(", "))}
        </p>
      )}
      {one.authorization !== null && one.authorization !== "held" && (
        <p className={classes.trouble} data-role="warning">
          {texts.authorizations[one.authorization]}
        </p>
      )}
    </>
  );
}
