import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { usePlace } from "../place/place";
import { LevelMark } from "../readiness/LevelMark";
import { useTexts } from "../texts/texts";
import classes from "./DeploymentPage.module.css";
import { type Materials, materialsQuery } from "./queries";
import own from "./Setup.module.css";

const SHORT = 12;

/** All that a run of a deployment is made of. */
export function MaterialsOf({ deployment }: { deployment: string }) {
  const { texts } = useTexts();
  const place = usePlace();
  const { data, error } = useQuery(materialsQuery(place, deployment));
  // The page says the rest without it.
  if (error && !data) return null;
  return (
    <section className={classes.part} aria-label={texts.materials}>
      <h2 className={heading.subtitle}>{texts.materials}</h2>
      <p className={classes.lead}>{texts.materialsBody}</p>
      {data ? <Parts materials={data} /> : <LinesSkeleton lines={4} />}
    </section>
  );
}

function Parts({ materials }: { materials: Materials }) {
  const { texts } = useTexts();
  const { template, workflow, connectors } = materials;
  const words = texts.materialWords;
  const versions = (parts: readonly { name: string; version: number }[]) =>
    parts.map(one => `${one.name} (${one.version})`).join(", ");
  const names = (parts: readonly { name: string }[]) => parts.map(one => one.name).join(", ");
  return (
    <dl className={own.list}>
      {template && (
        <Part word={words.template}>
          {template.name} {template.version} <Digest of={template.digest} />
        </Part>
      )}
      <Part word={words.workflow}>
        {workflow.namespace}/{workflow.name} {workflow.version} <Digest of={workflow.digest} />
      </Part>
      {connectors.length > 0 && (
        <Part word={words.connectors}>
          {connectors.map(one => (
            <div key={`${one.name}/${one.connection}`}>
              {one.name}: {one.connection}, {one.connector} {one.version}{" "}
              {one.level && <LevelMark level={one.level} />}
            </div>
          ))}
        </Part>
      )}
      <Part word={words.forms}>{names(materials.forms)}</Part>
      <Part word={words.mails}>{names(materials.mails)}</Part>
      <Part word={words.mappings}>{versions(materials.mappings)}</Part>
      <Part word={words.rules}>{materials.rules.map(one => `${one.level} (${one.version})`).join(", ")}</Part>
      <Part word={words.calendars}>{versions(materials.calendars)}</Part>
      <Part word={words.roles}>{materials.roles.map(one => one.title).join(", ")}</Part>
      <Part word={words.digest}>
        <Digest of={materials.digest} />
      </Part>
    </dl>
  );
}

/** What there is none of is not shown. */
function Part({ word, children }: { word: string; children: ReactNode }) {
  if (children === "") return null;
  return (
    <div className={own.fact}>
      <dt>{word}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Digest({ of }: { of: string | null }) {
  if (of === null) return null;
  return (
    <span className="mono" title={of}>
      {of.slice(0, SHORT)}
    </span>
  );
}
