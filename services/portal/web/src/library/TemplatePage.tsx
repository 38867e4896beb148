import { Button, NativeSelect } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery, sessionQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import heading from "../pages/Heading.module.css";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import parts from "../pages/Parts.module.css";
import { useTexts } from "../texts/texts";
import { Contents } from "./Contents";
import { duration } from "./duration";
import { Guide } from "./Guide";
import { type Template, templateQuery, versionsQuery } from "./queries";
import { Rehearse } from "./Rehearse";
import classes from "./TemplatePage.module.css";

/** One version of a template: what it does, what it needs, whether it does what it says, and the way to a client. */
export function TemplatePage() {
  const { texts } = useTexts();
  const { template: name } = useParams({ from: "/inside/partners/library/$template" });
  const search = useSearch({ from: "/inside/partners/library/$template" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: template, error, refetch } = useQuery(templateQuery(name, search.version));
  const title = template?.title ?? texts.library;
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title, brand]);
  if (error && !template) return <Failure error={error} reset={() => void refetch()} />;
  return (
    <div className={classes.page}>
      <Link
        to="/library"
        search={{ client: search.client, environment: search.environment }}
        className={heading.back}
      >
        {texts.library}
      </Link>
      {template ? (
        <Shown key={template.version} template={template} title={title} />
      ) : (
        <LinesSkeleton lines={6} />
      )}
    </div>
  );
}

function Shown({ template, title }: { template: Template; title: string }) {
  const { texts, language } = useTexts();
  const navigate = useNavigate();
  const search = useSearch({ from: "/inside/partners/library/$template" });
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { data: versions } = useQuery(versionsQuery(template.name));
  const category = template.category;
  return (
    <>
      <div className={`${heading.head} ${classes.apart}`}>
        <h1 className={heading.title}>{title}</h1>
        {session.permissions.includes("deployments:write") && (
          <Button
            renderRoot={props => (
              <Link
                {...props}
                to="/library/$template/deploy"
                params={{ template: template.name }}
                search={{ ...search, version: template.version }}
              />
            )}
          >
            {texts.deployToClient}
          </Button>
        )}
      </div>
      <p className={heading.facts}>
        {category && <span>{texts.categories[category] ?? category}</span>}
        {template.set_up && <span>{texts.setUpIn(duration(language, template.set_up))}</span>}
      </p>
      <p className={classes.lead}>{template.summary}</p>
      <NativeSelect
        className={classes.version ?? ""}
        label={texts.versionWord}
        value={template.version}
        data={versions ?? [template.version]}
        onChange={event =>
          void navigate({
            to: "/library/$template",
            params: { template: template.name },
            search: { ...search, version: event.currentTarget.value },
          })
        }
      />
      <Contents template={template} />
      {session.permissions.includes("deployments:write") && (
        <Rehearse template={template.name} version={template.version} />
      )}
      {template.guide && (
        <section className={parts.part} aria-label={texts.guideTitle}>
          <h2 className={heading.subtitle}>{texts.guideTitle}</h2>
          <Guide text={template.guide} />
        </section>
      )}
    </>
  );
}
