import { Button } from "@mantine/core";
import type { AuditLog } from "../api/queries";
import { clock } from "../display/time";
import { AuditIcon, FaultedIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import classes from "./SealBadge.module.css";
import { type Progress, useVerifying } from "./verifying";

type Standing = "working" | "whole" | "part" | "none" | "broken" | "away";

/** Whether the log is as it was sealed: every hash and signature is computed for it, on the server, at this moment. */
export function SealBadge({ log }: { log: AuditLog }) {
  const { texts, language } = useTexts();
  const verifying = useVerifying(log);
  const { last, rows } = verifying;
  const standing = standingOf(verifying);
  const number = new Intl.NumberFormat(language).format(rows);
  const head = {
    working: last ? texts.seal.working(last.up_to, last.last) : texts.seal.working(0, 0).split(":")[0],
    whole: texts.seal.whole(number),
    part: texts.seal.part(number),
    none: texts.seal.none,
    broken: last?.state === "rolled-back" ? texts.seal.rolledBack : texts.seal.broken,
    away: texts.seal.away,
  }[standing];
  const notes = [
    standing !== "broken" && last?.sealed_at ? texts.seal.until(clock(language, last.sealed_at)) : "",
    standing === "whole" && last?.unsealed ? texts.seal.unsealed(last.unsealed) : "",
    verifying.dropped ? texts.seal.dropped(verifying.dropped) : "",
    standing === "broken" && last ? texts.seal.place(last.batch, last.row) : "",
    standing === "broken" ? texts.seal.brokenHint : "",
  ].filter(Boolean);
  return (
    <section
      className={classes.badge}
      data-standing={standing}
      role="status"
      aria-label={texts.auditColumns.seal}
    >
      {standing === "broken" || standing === "away" ? <FaultedIcon /> : <AuditIcon />}
      <div className={classes.words}>
        <p className={classes.head}>{head}</p>
        {notes.length > 0 && <p className={classes.notes}>{notes.join(" · ")}</p>}
      </div>
      {!verifying.working && (
        <Button
          variant="default"
          size="xs"
          onClick={standing === "part" ? verifying.goOn : verifying.again}
          className={classes.act ?? ""}
        >
          {standing === "part" ? texts.seal.goOn : texts.seal.verify}
        </Button>
      )}
    </section>
  );
}

function standingOf({ working, failed, last }: Progress): Standing {
  if (failed) return "away";
  if (last?.state === "unknown") return last.last === 0 ? "none" : "away";
  if (last && last.state !== "whole") return "broken";
  if (working || !last) return "working";
  if (last.last === 0) return "none";
  return last.next === null ? "whole" : "part";
}
