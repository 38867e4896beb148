import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { body, Problem } from "../api/client";
import { apiAt, type Place } from "../api/place";
import { DEPLOYED } from "../deployments/queries";
import { Form } from "../form/Form";
import type { LookUp } from "../form/view";
import heading from "../pages/Heading.module.css";
import parts from "../pages/Parts.module.css";
import { toDeployment } from "../place/place";
import type { Entry } from "../readiness/queries";
import { StandingMark } from "../readiness/StandingMark";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import { Bindings, firstChoice, worst } from "./Bindings";
import { changed, type Inherited, parametersForm, sorted } from "./parameters";
import { calendarsQuery, numbersQuery, type Template } from "./queries";
import { Rehearsed, useRehearsal } from "./Rehearse";
import classes from "./TemplatePage.module.css";

const MOST_FOUND = 20;

interface Props {
  template: Template;
  place: Place;
  entry: Entry | null;
  inherited: readonly Inherited[];
}

/** Name, connections and parameters; tried on simulated systems, and then deployed. */
export function DeployForm({ template, place, entry, inherited }: Props) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState(template.name);
  const [bindings, bind] = useState(() => firstChoice(template, entry));
  const rehearsing = useRehearsal({ template: template.name, version: template.version });
  const view = useMemo(
    () =>
      parametersForm(template.parameters, inherited, {
        parameterDefault: texts.parameterDefault,
        parameterFrom: texts.inheritedFrom,
        units: texts.parameterUnits,
      }),
    [template, inherited, texts],
  );
  const deploying = useMutation({
    mutationFn: (parameters: Record<string, unknown>) =>
      body(
        apiAt(place).POST("/v1/deployments", {
          body: {
            name: name.trim(),
            template: { name: template.name, version: template.version },
            parameters,
            bindings: Object.fromEntries(Object.entries(bindings).filter(([, id]) => id !== "")),
            priority: "normal",
          },
        }),
      ),
    onSuccess: made => {
      void queries.invalidateQueries({ queryKey: DEPLOYED });
      void queries.invalidateQueries({ queryKey: ["readiness"] });
      void navigate(toDeployment(place, made.id));
    },
  });
  const found = sorted(errorsOf(deploying.error ?? rehearsing.error));
  const words: Record<string, string> = texts.environments;
  const acts = [
    { outcome: "deploy", label: texts.deployTo(words[place.environment] ?? place.environment) },
    { outcome: "rehearse", label: texts.rehearseWith },
  ];
  const answer = (outcome: string, values: Record<string, unknown>) => {
    deploying.reset();
    rehearsing.reset();
    if (outcome === "deploy") deploying.mutate(changed(view, values));
    else rehearsing.mutate(changed(view, values));
  };
  const search = async ({ record }: LookUp, typed: string) => {
    const known = record === null ? calendarsQuery(place) : numbersQuery(place, record);
    const wanted = typed.toLowerCase();
    return (await queries.ensureQueryData(known))
      .filter(one => one.toLowerCase().includes(wanted))
      .slice(0, MOST_FOUND)
      .map(one => ({ value: one, title: one }));
  };
  const isEmpty = view.sections.every(one => one.fields.length === 0);
  return (
    <>
      <section className={parts.part} aria-label={texts.bindSystems}>
        <div className={`${heading.head} ${classes.apart} ${classes.choice}`}>
          <h2 className={heading.subtitle}>{texts.bindSystems}</h2>
          <StandingMark standing={worst(template, entry, bindings)} />
        </div>
        <p className={parts.body}>{texts.bindBody}</p>
        {entry && entry.version !== template.version && (
          <p className={parts.body}>{texts.readinessOfVersion(entry.version)}</p>
        )}
        <Bindings
          template={template}
          place={place}
          entry={entry}
          chosen={bindings}
          wrong={new Map(found.bindings.map(one => [one.pointer, texts.refusalWords(one.detail)]))}
          choose={(need, id) => bind(before => ({ ...before, [need]: id }))}
        />
      </section>
      <section className={parts.part} aria-label={texts.parameters}>
        <h2 className={heading.subtitle}>{texts.parameters}</h2>
        <TextInput
          className={classes.choice ?? ""}
          label={texts.deploymentName}
          description={texts.deploymentNameHint}
          value={name}
          maxLength={63}
          autoComplete="off"
          error={nameWords(texts, deploying.error, found.rest)}
          onChange={event => setName(event.currentTarget.value)}
        />
        <p className={parts.body}>{isEmpty ? texts.noParametersOfTemplate : texts.parametersBody}</p>
        <Form
          view={view}
          acts={acts}
          refused={found.parameters}
          busy={deploying.isPending ? "deploy" : rehearsing.isPending ? "rehearse" : null}
          search={search}
          onAnswer={answer}
        />
        <div className={classes.choice}>
          {deploying.error && <Refusal>{refusedWords(texts, deploying.error, found.rest)}</Refusal>}
          <Rehearsed of={rehearsing} own />
        </div>
      </section>
    </>
  );
}

const errorsOf = (error: Error | null) => (error instanceof Problem ? error.errors : []);

type Rest = ReturnType<typeof sorted>["rest"];

function nameWords(texts: Texts, error: Error | null, rest: Rest): string | undefined {
  if (isAbout(error, "name-taken")) return texts.nameTaken;
  const said = rest.find(one => one.pointer === "/name")?.detail;
  return said && texts.refusalWords(said);
}

function refusedWords(texts: Texts, error: Error, rest: Rest): string {
  if (isAbout(error, "name-taken")) return texts.nameTaken;
  const said = rest.filter(one => one.pointer !== "/name").map(one => texts.refusalWords(one.detail));
  const general = generalWords(texts, error);
  if (general) return general;
  if (error instanceof Problem && error.errors.length > 0)
    return [texts.deployRefused, ...said.map(sentence)].join(" ");
  return error.message;
}

const sentence = (said: string): string => `${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
