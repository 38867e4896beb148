import { Tooltip } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { brandQuery, sessionQuery } from "../api/queries";
import { RunsIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { AccountMenu } from "./AccountMenu";
import { BrandMark } from "./BrandMark";
import classes from "./Rail.module.css";

export function Rail() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const environment = session.environment as keyof typeof texts.environments;
  return (
    <header className={classes.rail}>
      <Link to="/runs" className={classes.brand} title={brand.name}>
        <BrandMark brand={brand} size={24} named />
      </Link>
      <div className={classes.client}>
        <span className={classes.clientName} title={session.client.name}>
          {session.client.name}
        </span>
        <Tooltip label={texts.environmentHint[environment]} openDelay={300}>
          <span className={classes.environment} data-environment={environment}>
            {texts.environments[environment]}
          </span>
        </Tooltip>
      </div>
      <nav className={classes.jobs} aria-label={texts.navigation}>
        <Link to="/runs" className={classes.job} activeProps={{ "aria-current": "page" }}>
          <RunsIcon />
          {texts.runs}
        </Link>
      </nav>
      <div className={classes.foot}>
        <AccountMenu />
      </div>
    </header>
  );
}
