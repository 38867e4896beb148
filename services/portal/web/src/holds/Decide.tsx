import { Button } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sessionQuery } from "../api/queries";
import { human } from "../display/names";
import page from "../exceptions/ExceptionPage.module.css";
import { useResumed } from "../session/resuming";
import { useTexts } from "../texts/texts";
import { ActDialog } from "./ActDialog";
import classes from "./Decide.module.css";
import { type Act, type Hold, verdictQuery } from "./queries";

/** What can be done about it by whoever looks, and where nothing can, why not. */
export function Decide({ one }: { one: Hold }) {
  const { texts } = useTexts();
  const { data: session } = useSuspenseQuery(sessionQuery);
  const may = session.permissions.includes("holds:write");
  const isOpen = one.status === "active";
  const { data: verdict, isPending } = useQuery({ ...verdictQuery(one), enabled: may && isOpen });
  const resumed = useResumed("override-hold", session.account.id);
  const ours = resumed?.hold === one.id ? resumed : null;
  const [asked, ask] = useState<Act | null>(ours ? "override" : null);
  const title = isOpen ? texts.holdDecision : texts.holdEnded;
  const isRefused = verdict?.may === "refused";
  const acts: Act[] = [
    ...(may ? (["clear"] as const) : []),
    ...(session.permissions.includes("holds:override") && one.on === "order" ? (["override"] as const) : []),
  ];
  return (
    <section aria-label={title} className={page.part}>
      <h2 className={page.heading}>{title}</h2>
      {one.status !== "active" ? (
        <p className={page.next}>{texts.holdWasCleared[one.status]}</p>
      ) : (
        <>
          <p className={page.next}>{one.on === "customer" ? texts.holdNextCustomer : texts.holdNext}</p>
          {acts.length === 0 && <p className={classes.no}>{texts.holdReadOnly(human(one.role))}</p>}
          {one.agreed.includes(`account:${session.account.id}`) ? (
            <p className={classes.told}>{texts.holdAgreed}</p>
          ) : (
            verdict?.may === "more" && (
              <p className={classes.told}>{texts.holdMore(texts.refusalWords(verdict.because))}</p>
            )
          )}
          {isRefused && (
            <p className={classes.no}>{texts.holdNotYours(texts.refusalWords(verdict.because))}</p>
          )}
          {!isRefused && acts.length > 0 && (
            <div className={page.acts}>
              {acts.map((act, at) => (
                <Button
                  key={act}
                  variant={at === 0 ? "filled" : "default"}
                  size="xs"
                  disabled={may && isPending}
                  onClick={() => ask(act)}
                >
                  {texts.holdActs[act].act}
                </Button>
              ))}
            </div>
          )}
        </>
      )}
      <ActDialog one={one} act={isOpen ? asked : null} resumed={ours} close={() => ask(null)} />
    </section>
  );
}
