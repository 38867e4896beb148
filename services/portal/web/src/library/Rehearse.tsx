import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, body, Problem } from "../api/client";
import heading from "../pages/Heading.module.css";
import parts from "../pages/Parts.module.css";
import { Refusal } from "../session/Refusal";
import { generalWords } from "../session/words";
import { CompletedIcon, FaultedIcon } from "../states/icons";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import marks from "../webhooks/marks.module.css";
import type { Rehearsal } from "./queries";
import classes from "./TemplatePage.module.css";

interface Wish {
  template: string;
  version: string;
}

/** Plays the scenarios of a version through; `parameters` are of the caller's choice. */
export const useRehearsal = ({ template, version }: Wish) =>
  useMutation({
    mutationFn: (parameters: Record<string, unknown>) =>
      body(
        api.POST("/v1/templates/{template}/rehearsals", {
          params: { path: { template } },
          body: { version, parameters },
        }),
      ),
  });

/** With the template's own values. */
export function Rehearse(wish: Wish) {
  const { texts } = useTexts();
  const rehearsing = useRehearsal(wish);
  return (
    <section className={parts.part} aria-label={texts.rehearsal}>
      <h2 className={heading.subtitle}>{texts.rehearsal}</h2>
      <p className={parts.body}>{texts.rehearsalBody}</p>
      <Button
        className={classes.start ?? ""}
        variant="default"
        loading={rehearsing.isPending}
        onClick={() => rehearsing.mutate({})}
      >
        {texts.rehearse}
      </Button>
      <Rehearsed of={rehearsing} />
    </section>
  );
}

/** What came of it, or that it is under way. */
export function Rehearsed({ of, own = false }: { of: ReturnType<typeof useRehearsal>; own?: boolean }) {
  const { texts } = useTexts();
  return (
    <>
      <div role="status">
        {of.isPending && <p className={parts.body}>{texts.rehearsing}</p>}
        {of.data && <Report rehearsal={of.data} own={own} />}
      </div>
      {of.error && <Refusal>{rehearsalWords(texts, of.error)}</Refusal>}
    </>
  );
}

function Report({ rehearsal, own }: { rehearsal: Rehearsal; own: boolean }) {
  const { texts } = useTexts();
  const { scenarios, passed, failed } = rehearsal;
  const ordered = [...scenarios.filter(one => !one.passed), ...scenarios.filter(one => one.passed)];
  return (
    <div className={parts.part}>
      <p>
        <Mark passed={failed === 0} text={texts.rehearsed(passed, passed + failed)} />
      </p>
      {own && failed > 0 && <p className={parts.body}>{texts.rehearsalOwnValues}</p>}
      <ul className={parts.list}>
        {ordered.map(one => (
          <li key={one.name} className={parts.item}>
            <div className={classes.scenario}>
              <span>{one.name}</span>
              <Mark passed={one.passed} text={one.passed ? texts.scenarioPassed : texts.scenarioFailed} />
            </div>
            {one.wrong.map(line => (
              <p key={line} className={classes.wrong}>
                {line}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Mark({ passed, text }: { passed: boolean; text: string }) {
  return (
    <span className={marks.mark} data-role={passed ? "success" : "danger"}>
      {passed ? <CompletedIcon /> : <FaultedIcon />}
      {text}
    </span>
  );
}

function rehearsalWords(texts: Texts, error: Error): string {
  if (error instanceof Problem && (error.status === 429 || error.status === 503)) return texts.rehearsalBusy;
  return generalWords(texts, error) ?? error.message;
}
