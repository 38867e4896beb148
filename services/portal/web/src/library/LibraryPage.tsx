import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { brandQuery } from "../api/queries";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { LibraryIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import frame from "../webhooks/WebhooksPage.module.css";
import { type Listed, templatesQuery } from "./queries";

/** What somebody of the partner's own can deploy to a client. */
export function LibraryPage() {
  const { texts } = useTexts();
  const place = useSearch({ from: "/inside/partners/library" });
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data, error, refetch } = useInfiniteQuery(templatesQuery);
  useEffect(() => {
    document.title = `${texts.library} · ${brand.name}`;
  }, [texts, brand]);
  if (error && !data) return <Failure error={error} reset={() => void refetch()} />;
  const templates = byName(data?.pages.flatMap(page => page.items) ?? []);
  return (
    <div className={frame.page}>
      <div className={frame.head}>
        <h1 className={frame.title}>{texts.library}</h1>
      </div>
      <p className={frame.lead}>{texts.libraryBody}</p>
      {!data ? (
        <LinesSkeleton lines={4} />
      ) : templates.length === 0 ? (
        <Notice icon={<LibraryIcon />} title={texts.emptyLibraryTitle} body={texts.emptyLibraryBody} />
      ) : (
        <ul className={frame.list}>
          {templates.map(({ newest, count }) => (
            <li key={newest.name} className={frame.row}>
              <div className={frame.what}>
                <Link
                  to="/library/$template"
                  params={{ template: newest.name }}
                  search={place}
                  className={frame.link}
                  data-row
                >
                  {newest.title}
                </Link>
                <span>{newest.summary}</span>
                <span className={frame.facts}>
                  <span>{texts.versionOf(newest.version)}</span>
                  {count > 1 && <span>{texts.versionsOf(count)}</span>}
                </span>
              </div>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** The newest of each that is no pre-release, or the newest; versions come with the oldest first. */
function byName(all: readonly Listed[]): { newest: Listed; count: number }[] {
  const names = new Map<string, Listed[]>();
  for (const one of all) names.set(one.name, [...(names.get(one.name) ?? []), one]);
  return [...names.values()].flatMap(versions => {
    const newest = versions.findLast(one => !one.version.includes("-")) ?? versions.at(-1);
    return newest ? [{ newest, count: versions.length }] : [];
  });
}
