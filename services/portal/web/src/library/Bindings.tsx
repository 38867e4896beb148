import { NativeSelect } from "@mantine/core";
import type { Place } from "../api/place";
import parts from "../pages/Parts.module.css";
import { NeedHelp } from "../readiness/NeedHelp";
import type { Entry, Need, Offer, Standing } from "../readiness/queries";
import { StandingMark } from "../readiness/StandingMark";
import { useTexts } from "../texts/texts";
import type { Template } from "./queries";
import classes from "./TemplatePage.module.css";

interface Props {
  template: Template;
  place: Place;
  /** What the environment has for it; null: nothing is known. */
  entry: Entry | null;
  chosen: Readonly<Record<string, string>>;
  /** What the server found wrong, by name. */
  wrong: ReadonlyMap<string, string>;
  choose: (name: string, id: string) => void;
}

/** For each name of the workflow what it is bound to, how that stands, and what helps. */
export function Bindings({ template, place, entry, chosen, wrong, choose }: Props) {
  const { texts } = useTexts();
  return Object.entries(template.connections).map(([name, { title, operations }]) => {
    const need = needOf(entry, name);
    const offer = need?.offers.find(one => one.id === chosen[name]);
    return (
      <div key={name} className={classes.need}>
        <div className={classes.scenario}>
          <span className={parts.name}>{title}</span>
          <StandingMark standing={standingOf(offer)} />
        </div>
        <NativeSelect
          aria-label={title}
          value={chosen[name] ?? ""}
          error={wrong.get(`/${name}`)}
          data={[
            { value: "", label: texts.notBound },
            ...(need?.offers ?? []).map(one => ({
              value: one.id,
              label: `${one.name} · ${texts.standings[one.standing]}`,
            })),
          ]}
          onChange={event => choose(name, event.currentTarget.value)}
        />
        <p>
          <Why place={place} need={need} offer={offer} />
        </p>
        <p className={parts.quiet}>{texts.asksFor(operations.join(", "))}</p>
      </div>
    );
  });
}

interface WhyProps {
  place: Place;
  need: Need | undefined;
  offer: Offer | undefined;
}

function Why({ place, need, offer }: WhyProps) {
  const { texts } = useTexts();
  if (offer) return texts.readinessWhy[offer.cause](offer.connection, offer.lacks.join(", "));
  if (!need || need.offers.length > 0) return texts.notBoundWhy;
  return (
    <>
      {texts.readinessWhy[need.cause](need.connection ?? "", need.lacks.join(", "))}{" "}
      <NeedHelp need={need} place={place} aside />
    </>
  );
}

const needOf = (entry: Entry | null, name: string): Need | undefined =>
  entry?.needs.find(one => one.name === name);

/** What is not bound cannot be deployed. */
export const standingOf = (offer: Offer | undefined): Standing => offer?.standing ?? "red";

/** The best that is there for each name; nothing where all of it is red. */
export function firstChoice(template: Template, entry: Entry | null): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(template.connections)) {
    const best = needOf(entry, name)?.offers.find(one => one.standing !== "red");
    if (best) found[name] = best.id;
  }
  return found;
}

/** As ready as the worst of what is chosen. */
export function worst(
  template: Template,
  entry: Entry | null,
  chosen: Readonly<Record<string, string>>,
): Standing {
  const all = Object.keys(template.connections).map(name =>
    standingOf(needOf(entry, name)?.offers.find(one => one.id === chosen[name])),
  );
  return all.includes("red") ? "red" : all.includes("amber") ? "amber" : "green";
}
