import { Outlet } from "@tanstack/react-router";
import { ActingBanner } from "../acting/ActingBanner";
import { useTexts } from "../texts/texts";
import classes from "./Frame.module.css";
import { HelpProvider } from "./Help";
import { LiveRuns } from "./LiveRuns";
import { Rail } from "./Rail";

/** What stands around every page of a signed-in person. */
export function Frame() {
  const { texts } = useTexts();
  return (
    <HelpProvider>
      <LiveRuns />
      <a className={classes.skip} href="#content">
        {texts.skipToContent}
      </a>
      <div className={classes.frame}>
        <Rail />
        <main id="content" className={classes.content} tabIndex={-1}>
          <ActingBanner />
          <Outlet />
        </main>
      </div>
    </HelpProvider>
  );
}
