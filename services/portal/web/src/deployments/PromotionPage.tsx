import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { absolute } from "../display/time";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { toDeployment, toDeployments, usePlace } from "../place/place";
import { useTexts } from "../texts/texts";
import { Actor } from "./Actor";
import { Decide } from "./Decide";
import classes from "./DeploymentPage.module.css";
import { PromotionMark } from "./marks";
import own from "./PromotionPage.module.css";
import { type Promotion, presentQuery, promotionQuery } from "./queries";
import { Setup } from "./Setup";

/** What is to run here as it does elsewhere, beside what runs now, for the person who says yes or no. */
export function PromotionPage() {
  const { texts } = useTexts();
  const { promotion: id = "" } = useParams({ strict: false });
  const place = usePlace();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: promotion, error, refetch } = useQuery(promotionQuery(place, id));
  const title = promotion ? texts.promotionTitle(promotion.name) : texts.toDecide;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !promotion) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <div className={classes.page}>
      <Link {...toDeployments(place)} className={heading.back}>
        {texts.deployments}
      </Link>
      {promotion ? <Proposal promotion={promotion} title={title} /> : <LinesSkeleton lines={6} />}
    </div>
  );
}

function Proposal({ promotion, title }: { promotion: Promotion; title: string }) {
  const { texts, language } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const place = usePlace();
  const isOpen = promotion.status === "proposed";
  const { data: present } = useQuery({ ...presentQuery(place, promotion.name), enabled: isOpen });
  return (
    <>
      <div className={heading.head}>
        <h1 className={heading.title}>{title}</h1>
        <PromotionMark status={promotion.status} />
      </div>
      <p className={heading.facts}>
        <span>
          {texts.promotedFrom(promotion.workflow.name, promotion.workflow.version, promotion.environment)}
        </span>
        <span>
          {texts.proposedBy} <Actor actor={promotion.proposed_by} />
        </span>
        <time dateTime={promotion.proposed_at}>{absolute(language, promotion.proposed_at)}</time>
      </p>
      {promotion.note && <Said word={texts.proposersNote} text={promotion.note} />}
      {isOpen && present !== undefined && (
        <p className={own.effect}>
          {present
            ? texts.willRevise(
                texts.workflowOf(present.workflow.name, present.workflow.version),
                present.revision,
              )
            : texts.willBegin}
        </p>
      )}
      {!isOpen && promotion.decided_by && promotion.decided_at && (
        <p className={heading.facts}>
          <span>
            {texts.decidedBy[promotion.status as "approved" | "refused" | "withdrawn"]}{" "}
            <Actor actor={promotion.decided_by} />
          </span>
          <time dateTime={promotion.decided_at}>{absolute(language, promotion.decided_at)}</time>
          {promotion.deployment && (
            <Link {...toDeployment(place, promotion.deployment)}>
              {texts.revisionOf(promotion.revision ?? 1)}
            </Link>
          )}
        </p>
      )}
      {promotion.decided_note && <Said word={texts.decidersNote} text={promotion.decided_note} />}
      {isOpen && session.permissions.includes("deployments:write") && <Decide promotion={promotion} />}
      <Setup parameters={promotion.parameters} bindings={promotion.bindings} before={present ?? null} />
    </>
  );
}

function Said({ word, text }: { word: string; text: string }) {
  return (
    <figure className={own.said}>
      <figcaption>{word}</figcaption>
      <blockquote dir="auto">{text}</blockquote>
    </figure>
  );
}
