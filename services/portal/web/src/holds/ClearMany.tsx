import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, body } from "../api/client";
import wrongs from "../exceptions/ActDialog.module.css";
import classes from "../exceptions/Lines.module.css";
import { Dialog, DialogActs } from "../pages/Dialog";
import { Refusal } from "../session/Refusal";
import { useTexts } from "../texts/texts";
import own from "./ClearMany.module.css";
import { subjectOf } from "./HoldTable";
import { HOLDS, type Hold, type Many } from "./queries";
import { filterOf, type Shown } from "./shown";
import { Why } from "./Why";
import { actWords, useTypeName } from "./words";

/**
 * Clears all that the filters find: what would become of each is shown before anything is done. `offered`: there are
 * several; what became of them stays to be read when there are none any more.
 */
export function ClearMany({ shown, offered }: { shown: Shown; offered: boolean }) {
  const { texts } = useTexts();
  const [open, setOpen] = useState(false);
  return (
    <>
      {offered && (
        <div className={own.many}>
          <Button variant="default" size="xs" onClick={() => setOpen(true)}>
            {texts.clearMany}
          </Button>
        </div>
      )}
      <Dialog open={open} close={() => setOpen(false)} title={texts.clearManyTitle}>
        {open && <Ask shown={shown} close={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}

function Ask({ shown, close }: { shown: Shown; close: () => void }) {
  const { texts } = useTexts();
  const [why, setWhy] = useState("");
  const [tried, setTried] = useState(false);
  const looking = useMutation({
    mutationFn: () => {
      const told = { preview: true, filter: filterOf(shown), why: why.trim() };
      return body(api.POST("/v1/holds/act", { body: told }));
    },
  });
  const lacks = why.trim() === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!lacks) looking.mutate();
  };
  if (looking.data) return <Seen seen={looking.data} back={() => looking.reset()} close={close} />;
  return (
    <form onSubmit={submit} noValidate>
      <p>{texts.clearManyBody}</p>
      <Why value={why} onChange={setWhy} isMissed={tried && lacks} />
      <div className={wrongs.wrong}>
        {looking.error && <Refusal>{actWords(texts, looking.error)}</Refusal>}
      </div>
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={looking.isPending}>
          {texts.seeWhatWould}
        </Button>
      </DialogActs>
    </form>
  );
}

/** What would become of those that were found; and, with the same token and no others, what became of them. */
function Seen({ seen, back, close }: { seen: Many; back: () => void; close: () => void }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const clearing = useMutation({
    mutationFn: (token: string) => body(api.POST("/v1/holds/act", { body: { preview: false, token } })),
    onSettled: () => queries.invalidateQueries({ queryKey: HOLDS }),
  });
  const { token } = seen;
  const wrong = clearing.error && (
    <div className={wrongs.wrong}>
      <Refusal>{actWords(texts, clearing.error)}</Refusal>
    </div>
  );
  if (clearing.data) {
    const isLeft = clearing.data.done.some(one => one.outcome === "left");
    return (
      <>
        <Became done={clearing.data} seen={seen} />
        {wrong}
        <DialogActs>
          {isLeft && token && (
            <Button variant="default" loading={clearing.isPending} onClick={() => clearing.mutate(token)}>
              {texts.decideRest}
            </Button>
          )}
          <Button onClick={close} data-autofocus>
            {texts.close}
          </Button>
        </DialogActs>
      </>
    );
  }
  return (
    <>
      <p className={classes.count} role="status">
        {texts.coveredHolds(seen.covered, seen.count, seen.allowed)}
      </p>
      {seen.holds.length < seen.covered && <p>{texts.firstOfThem(seen.holds.length)}</p>}
      <Rows>
        {seen.holds.map(({ hold, may, because }) => (
          <Row key={hold.id} hold={hold} outcome={may === "refused" ? "refused" : "would"}>
            {texts.wouldClear[may]}
            {because && (
              <>
                {" "}
                <bdi>{texts.refusalWords(because)}</bdi>
              </>
            )}
          </Row>
        ))}
      </Rows>
      {wrong}
      <DialogActs>
        <Button variant="default" onClick={back}>
          {texts.goBack}
        </Button>
        <Button
          loading={clearing.isPending}
          disabled={token === null || seen.allowed === 0}
          onClick={() => token && clearing.mutate(token)}
          data-autofocus
        >
          {texts.clearCount(seen.allowed)}
        </Button>
      </DialogActs>
    </>
  );
}

function Became({ done, seen }: { done: Many; seen: Many }) {
  const { texts } = useTexts();
  const known = new Map(seen.holds.map(one => [one.hold.id, one.hold]));
  const counts = new Map<keyof typeof texts.clearedMany, number>();
  for (const one of done.done) counts.set(one.outcome, (counts.get(one.outcome) ?? 0) + 1);
  return (
    <>
      <div role="status" className={classes.count}>
        {[...counts].map(([outcome, count]) => (
          <p key={outcome}>{texts.clearedOf(count, texts.clearedMany[outcome])}</p>
        ))}
      </div>
      <Rows>
        {done.done.map(({ id, outcome }) => {
          const hold = known.get(id);
          return (
            hold && (
              <Row key={id} hold={hold} outcome={outcome}>
                {texts.clearedMany[outcome]}
              </Row>
            )
          );
        })}
      </Rows>
    </>
  );
}

const Rows = ({ children }: { children: ReactNode }) => (
  // A list that is scrolled has to be reached by keys.
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
  <ul className={classes.rows} tabIndex={0}>
    {children}
  </ul>
);

function Row({ hold, outcome, children }: { hold: Hold; outcome: string; children: ReactNode }) {
  const { texts } = useTexts();
  const type = useTypeName()(hold.type);
  return (
    <li className={classes.row}>
      <span className={classes.name} dir="auto">
        {texts.holdNamed(type, subjectOf(hold))}
      </span>
      <span />
      <span className={classes.told} data-outcome={outcome}>
        {children}
      </span>
    </li>
  );
}
