import { human } from "../display/names";
import { Payload } from "../run/Payload";
import { useTexts } from "../texts/texts";
import classes from "./Setup.module.css";

interface Props {
  parameters: Record<string, unknown>;
  bindings: Record<string, string>;
  /** Where each parameter comes from; absent: of a proposal, whose are all its own. */
  sources?: Record<string, string>;
  /** What runs now, to say what is to change. */
  before?: { parameters: Record<string, unknown>; sources: Record<string, string> } | null;
}

/** Parameters with where they come from, and what the names of the workflow are bound to. */
export function Setup({ parameters, bindings, sources, before }: Props) {
  const { texts } = useTexts();
  const names = Object.keys(parameters).sort();
  return (
    <div className={classes.setup}>
      <section aria-label={texts.parameters}>
        <h2 className={classes.title}>{texts.parameters}</h2>
        {names.length === 0 ? (
          <p className={classes.quiet}>{before === undefined ? texts.noParameters : texts.noParametersOwn}</p>
        ) : (
          <dl className={classes.list}>
            {names.map(name => (
              <div key={name} className={classes.fact}>
                <dt>{human(name)}</dt>
                <dd>
                  <Payload value={parameters[name]} />
                  {sources && (
                    <span className={classes.quiet}>
                      {texts.parameterFrom(sources[name] ?? "deployment")}
                    </span>
                  )}
                  {before && !same(before.parameters[name], parameters[name]) && (
                    <span className={classes.was}>
                      {texts.wasBefore} <Payload value={before.parameters[name] ?? null} />
                    </span>
                  )}
                </dd>
              </div>
            ))}
          </dl>
        )}
      </section>
      <section aria-label={texts.boundTo}>
        <h2 className={classes.title}>{texts.boundTo}</h2>
        {Object.keys(bindings).length === 0 ? (
          <p className={classes.quiet}>{texts.boundToNothing}</p>
        ) : (
          <dl className={classes.list}>
            {Object.entries(bindings).map(([name, id]) => (
              <div key={name} className={classes.fact}>
                <dt>{name}</dt>
                <dd className="mono">{id}</dd>
              </div>
            ))}
          </dl>
        )}
      </section>
    </div>
  );
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
