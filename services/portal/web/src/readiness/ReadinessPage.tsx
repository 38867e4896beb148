import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery } from "../api/queries";
import { Boards } from "../connections/Boards";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { PlaceBar } from "../place/PlaceBar";
import { toConnector, usePlace } from "../place/place";
import { ReadinessIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import frame from "../webhooks/WebhooksPage.module.css";
import { LevelMark } from "./LevelMark";
import { NeedHelp } from "./NeedHelp";
import { ParameterRows } from "./ParameterRows";
import { boardQuery, type Entry, type Need, type Offer } from "./queries";
import classes from "./ReadinessPage.module.css";
import { RoleRows } from "./RoleRows";
import { StandingMark } from "./StandingMark";

/** What templates need beside what this environment has for it: what is missing, and what helps. */
export function ReadinessPage() {
  const { texts } = useTexts();
  const place = usePlace();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: board, error, refetch } = useQuery(boardQuery(place));
  useEffect(() => {
    document.title = `${texts.readiness} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !board) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <>
      {place && <PlaceBar place={place} here="readiness" />}
      <div className={frame.page}>
        <div className={frame.head}>
          <h1 className={frame.title}>{texts.readiness}</h1>
          {!place && <Boards here="templates" />}
        </div>
        <p className={frame.lead}>{texts.readinessBody}</p>
        {!board ? (
          <LinesSkeleton lines={3} />
        ) : board.items.length === 0 ? (
          <Notice icon={<ReadinessIcon />} title={texts.noTemplatesTitle} body={texts.noTemplatesBody} />
        ) : (
          board.items.map(one => <Template key={`${one.template}@${one.version}`} entry={one} />)
        )}
      </div>
    </>
  );
}

function Template({ entry }: { entry: Entry }) {
  const { texts } = useTexts();
  return (
    <section className={classes.template} aria-label={`${entry.title} ${entry.version}`}>
      <div className={classes.head}>
        <div className={classes.what}>
          <h2 className={classes.title}>{entry.title}</h2>
          <span className={frame.facts}>
            <span>{texts.versionOf(entry.version)}</span>
            <span>
              {entry.deployments.length === 0
                ? texts.notDeployed
                : texts.deployedAs(entry.deployments.join(", "))}
            </span>
          </span>
        </div>
        <StandingMark standing={entry.standing} />
      </div>
      {entry.needs.length > 0 && (
        <div className={classes.group}>
          <h3 className={classes.subtitle}>{texts.bindSystems}</h3>
          <ul aria-label={texts.bindSystems}>
            {entry.needs.map(one => (
              <NeedRow key={one.name} need={one} />
            ))}
          </ul>
        </div>
      )}
      <ParameterRows entry={entry} />
      <RoleRows entry={entry} />
    </section>
  );
}

function NeedRow({ need }: { need: Need }) {
  const { texts } = useTexts();
  const place = usePlace();
  return (
    <li className={classes.need}>
      <div className={classes.head}>
        <h4 className={classes.name}>{need.title || need.name}</h4>
        <StandingMark standing={need.standing} />
      </div>
      <p className={classes.why}>
        {texts.readinessWhy[need.cause](need.connection ?? "", need.lacks.join(", "))}{" "}
        <NeedHelp need={need} place={place} />
      </p>
      {need.offers.length > 0 && (
        <ul className={classes.offers} aria-label={texts.offeredBy}>
          {need.offers.map(one => (
            <OfferRow key={one.id} offer={one} need={need} />
          ))}
        </ul>
      )}
      <p className={classes.asked}>{texts.asksFor(need.operations.join(", "))}</p>
    </li>
  );
}

function OfferRow({ offer, need }: { offer: Offer; need: Need }) {
  const { texts } = useTexts();
  const place = usePlace();
  const said = offer.cause === need.cause && offer.connection === need.connection;
  return (
    <li className={classes.offer}>
      <div className={classes.what}>
        <span className={classes.name}>{offer.name}</span>
        <span className={frame.facts}>
          {offer.connector === null ? (
            <span>{texts.connectionGroup}</span>
          ) : offer.level ? (
            <Link {...toConnector(place, offer.connector)}>{offer.connector}</Link>
          ) : (
            <span>{offer.connector}</span>
          )}
          {offer.level && <LevelMark level={offer.level} />}
          {offer.deployments.length > 0 && <span>{texts.boundBy(offer.deployments.join(", "))}</span>}
          {offer.standing !== "green" && !said && (
            <span>{texts.readinessWhy[offer.cause](offer.connection, offer.lacks.join(", "))}</span>
          )}
        </span>
      </div>
      <StandingMark standing={offer.standing} />
    </li>
  );
}
