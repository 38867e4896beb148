import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sessionQuery } from "../api/queries";
import { usePlace } from "../place/place";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import frame from "../webhooks/WebhooksPage.module.css";
import type { Entry, Parameter } from "./queries";
import classes from "./ReadinessPage.module.css";
import { StandingMark } from "./StandingMark";

/** Parameters that somebody has to look after; the others are folded with their count. */
export function ParameterRows({ entry }: { entry: Entry }) {
  const { texts } = useTexts();
  const { parameters } = entry;
  if (parameters.length === 0) return null;
  const wanting = parameters.filter(one => one.standing !== "green");
  const fine = parameters.filter(one => one.standing === "green");
  return (
    <div className={classes.group}>
      <h3 className={classes.subtitle}>{texts.parameters}</h3>
      {wanting.length > 0 && (
        <ul aria-label={texts.parameters}>
          {wanting.map(one => (
            <ParameterRow key={one.name} parameter={one} entry={entry} />
          ))}
        </ul>
      )}
      {fine.length > 0 && (
        <details>
          <summary className={classes.summary}>{texts.parametersInOrder(fine.length)}</summary>
          <ul>
            {fine.map(one => (
              <li key={one.name} className={classes.fine}>
                <span className={classes.name}>{one.title}</span>
                <span className={classes.quiet}>{from(texts, one)}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

interface Props {
  parameter: Parameter;
  entry: Entry;
}

function ParameterRow({ parameter, entry }: Props) {
  const { texts } = useTexts();
  const inherits = parameter.level === null ? "" : texts.parameterFrom(parameter.level);
  const cause = parameter.cause === "missing" ? "missing" : "refused";
  return (
    <li className={classes.need}>
      <div className={classes.head}>
        <h4 className={classes.name}>{parameter.title}</h4>
        <StandingMark standing={parameter.standing} />
      </div>
      <p className={classes.why}>
        {texts.parameterWhy[cause](inherits)} {texts.parameterHelp[cause](inherits)}{" "}
        {entry.deployments.length === 0 && <DeployLink entry={entry} />}
      </p>
      {parameter.detail && <p className={classes.asked}>{texts.refusalWords(parameter.detail)}</p>}
      <p className={frame.facts}>
        <span>{parameter.name}</span>
        {parameter.required && <span>{texts.isRequired}</span>}
      </p>
    </li>
  );
}

/** To where it can be given, for those who may deploy there. */
function DeployLink({ entry }: { entry: Entry }) {
  const { texts } = useTexts();
  const place = usePlace();
  const { data: session } = useSuspenseQuery(sessionQuery);
  if (!place || place.environment === "live" || !session.permissions.includes("deployments:write"))
    return null;
  return (
    <Link
      to="/library/$template/deploy"
      params={{ template: entry.template }}
      search={{ ...place, version: entry.version }}
    >
      {texts.deployToClient}
    </Link>
  );
}

/** Where the value comes from of one that is in order. */
const from = (texts: Texts, one: Parameter): string =>
  one.cause === "optional"
    ? texts.parameterOptional
    : texts.parameterFrom(one.level ?? (one.cause === "set" ? "deployment" : "default"));
