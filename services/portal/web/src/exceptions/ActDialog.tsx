import { Button, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body } from "../api/client";
import { Dialog, DialogActs } from "../pages/Dialog";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./ActDialog.module.css";
import { BecameOf, WouldBecome } from "./Lines";
import { Owner } from "./Owner";
import { type Action, EXCEPTIONS, type Filter, type Preview } from "./queries";

export interface Wish {
  action: Action;
  filter: Filter;
}

interface Props {
  wish: Wish | null;
  /** Account of whoever looks. */
  me: string;
  close: () => void;
}

/** Says what would become of each, asks for what it needs, and then what became of each. */
export function ActDialog({ wish, me, close }: Props) {
  const { texts } = useTexts();
  return (
    <Dialog open={wish !== null} close={close} title={wish ? texts.exceptionActs[wish.action].title : ""}>
      {wish && <Ask key={JSON.stringify(wish)} wish={wish} me={me} close={close} />}
    </Dialog>
  );
}

/** Nothing is done by it: it says what would become of each. */
const previewQuery = (wish: Wish) => ({
  queryKey: [...EXCEPTIONS, "preview", JSON.stringify(wish)],
  queryFn: () => body(api.POST("/v1/exceptions/act", { body: { preview: true, ...asked(wish, "-", null) } })),
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 0,
});

const SPEAKS: readonly Action[] = ["discard", "compensate", "skip", "note"];

/** `words` of a discarding, an undoing, a skipping or a note, `owner` of an assignment; a look needs some, too. */
function asked({ action, filter }: Wish, words: string, owner: string | null) {
  return {
    action,
    filter,
    ...(SPEAKS.includes(action) ? { words } : {}),
    ...(action === "assign" ? { owner } : {}),
  };
}

/** Does it with those that were shown, and with no others. */
async function act(wish: Wish, seen: Preview, words: string, owner: string | null): Promise<Preview> {
  let token = seen.token;
  if (SPEAKS.includes(wish.action) || wish.action === "assign") {
    const ids = seen.foreseen.filter(one => one.outcome !== null).map(one => one.id);
    const told = { preview: true, ...asked({ action: wish.action, filter: { ids } }, words, owner) };
    token = (await body(api.POST("/v1/exceptions/act", { body: told }))).token;
  }
  if (token === null) return { ...seen, done: [] };
  return body(api.POST("/v1/exceptions/act", { body: { preview: false, token } }));
}

function Ask({ wish, me, close }: Props & { wish: Wish }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [words, setWords] = useState("");
  const [owner, setOwner] = useState(`account:${me}`);
  const [role, setRole] = useState("");
  const [tried, setTried] = useState(false);
  const { data: seen, error } = useQuery(previewQuery(wish));
  const to = owner === "role" ? `role:${role.trim()}` : owner || null;
  const acting = useMutation({
    mutationFn: (found: Preview) => act(wish, found, words.trim(), to),
    onSettled: () => queries.invalidateQueries({ queryKey: EXCEPTIONS, predicate: notPreview }),
  });
  if (acting.data && seen) return <BecameOf done={acting.data} seen={seen} close={close} />;
  const speaks = SPEAKS.includes(wish.action);
  const lacks = {
    words: speaks && words.trim() === "",
    role: wish.action === "assign" && owner === "role" && role.trim() === "",
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (seen && !lacks.words && !lacks.role) acting.mutate(seen);
  };
  const wrong = acting.error ?? error;
  return (
    <form onSubmit={submit} noValidate>
      <p>{texts.exceptionActs[wish.action].body}</p>
      {seen ? <WouldBecome seen={seen} /> : !error && <LinesSkeleton lines={2} />}
      {speaks && (
        <Textarea
          mt={12}
          label={wish.action === "note" ? texts.exceptionNote : texts.reason}
          value={words}
          onChange={event => setWords(event.currentTarget.value)}
          maxLength={2000}
          autosize
          minRows={2}
          data-autofocus
          error={tried && lacks.words && texts.discardReason}
          errorProps={{ role: "alert" }}
        />
      )}
      {wish.action === "assign" && <Owner me={me} owner={owner} set={setOwner} />}
      {wish.action === "assign" && owner === "role" && (
        <TextInput
          mt={12}
          label={texts.roleName}
          value={role}
          onChange={event => setRole(event.currentTarget.value)}
          maxLength={64}
          autoComplete="off"
          error={tried && lacks.role && texts.roleNeeded}
          errorProps={{ role: "alert" }}
        />
      )}
      {wrong && (
        <div className={classes.wrong}>
          <Refusal>
            {isAbout(wrong, "unknown-owner")
              ? texts.ownerUnknown
              : (generalWords(texts, wrong) ?? texts.failedPlain)}
          </Refusal>
        </div>
      )}
      <DialogActs>
        <Button variant="default" onClick={close}>
          {texts.cancel}
        </Button>
        <Button type="submit" loading={acting.isPending} disabled={!seen || seen.covered === 0}>
          {texts.exceptionActs[wish.action].act}
        </Button>
      </DialogActs>
    </form>
  );
}

const notPreview = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[1] !== "preview";
