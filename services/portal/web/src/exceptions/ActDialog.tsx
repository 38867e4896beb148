import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, body, type Schemas } from "../api/client";
import { Dialog, DialogActs } from "../pages/Dialog";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Refusal } from "../session/Refusal";
import { generalWords, isAbout } from "../session/words";
import { useTexts } from "../texts/texts";
import classes from "./ActDialog.module.css";
import { type Action, EXCEPTIONS, type Preview } from "./queries";

export interface Wish {
  action: Action;
  filter: Schemas["ExceptionFilter"];
}

interface Props {
  wish: Wish | null;
  /** Account of whoever looks. */
  me: string;
  close: () => void;
}

/** Says what will be done to how many, asks for what it needs, and then what became of them. */
export function ActDialog({ wish, me, close }: Props) {
  const { texts } = useTexts();
  return (
    <Dialog open={wish !== null} close={close} title={wish ? texts.exceptionActs[wish.action].title : ""}>
      {wish && <Ask key={JSON.stringify(wish)} wish={wish} me={me} close={close} />}
    </Dialog>
  );
}

/** Nothing is done by it: it says how many there are, and which come first. */
const previewQuery = (wish: Wish) => ({
  queryKey: [...EXCEPTIONS, "preview", JSON.stringify(wish)],
  queryFn: () => body(api.POST("/v1/exceptions/act", { body: { preview: true, ...asked(wish, "-", null) } })),
  staleTime: 0,
  gcTime: 0,
});

/** `words` of a discarding, `owner` of an assignment; a look needs some, too. */
function asked({ action, filter }: Wish, words: string, owner: string | null) {
  return {
    action,
    filter,
    ...(action === "discard" ? { words } : {}),
    ...(action === "assign" ? { owner } : {}),
  };
}

function Ask({ wish, me, close }: Props & { wish: Wish }) {
  const { texts } = useTexts();
  const queries = useQueryClient();
  const [words, setWords] = useState("");
  const [to, setTo] = useState<"me" | "role" | "nobody">("me");
  const [role, setRole] = useState("");
  const [tried, setTried] = useState(false);
  const { data: found, error } = useQuery(previewQuery(wish));
  const owner = to === "me" ? `account:${me}` : to === "role" ? `role:${role.trim()}` : null;
  const acting = useMutation({
    mutationFn: async () => {
      const preview = await body(
        api.POST("/v1/exceptions/act", { body: { preview: true, ...asked(wish, words.trim(), owner) } }),
      );
      if (preview.token === null) return preview;
      return body(api.POST("/v1/exceptions/act", { body: { preview: false, token: preview.token } }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: EXCEPTIONS }),
  });
  if (acting.data) return <Done done={acting.data} close={close} />;
  const lacks = {
    words: wish.action === "discard" && words.trim() === "",
    role: wish.action === "assign" && to === "role" && role.trim() === "",
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!lacks.words && !lacks.role) acting.mutate();
  };
  const wrong = acting.error ?? error;
  return (
    <form onSubmit={submit} noValidate>
      <p>{texts.exceptionActs[wish.action].body}</p>
      {found ? <Covered found={found} /> : !error && <LinesSkeleton lines={2} />}
      {wish.action === "discard" && (
        <Textarea
          mt={12}
          label={texts.reason}
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
      {wish.action === "assign" && (
        <NativeSelect
          mt={12}
          label={texts.assignTo}
          value={to}
          onChange={event => setTo(event.currentTarget.value as typeof to)}
          data={(["me", "role", "nobody"] as const).map(value => ({ value, label: texts.assignees[value] }))}
          data-autofocus
        />
      )}
      {wish.action === "assign" && to === "role" && (
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
        <Button type="submit" loading={acting.isPending} disabled={!found || found.covered === 0}>
          {texts.exceptionActs[wish.action].act}
        </Button>
      </DialogActs>
    </form>
  );
}

function Covered({ found }: { found: Preview }) {
  const { texts } = useTexts();
  return (
    <>
      <p className={classes.count}>{texts.covered(found.covered, found.count)}</p>
      <ul className={classes.some}>
        {found.exceptions.slice(0, 5).map(one => (
          <li key={one.id} dir="auto">
            {one.business_key ?? one.deployment_name ?? texts.exceptionCategories[one.category]}
          </li>
        ))}
      </ul>
    </>
  );
}

function Done({ done, close }: { done: Preview; close: () => void }) {
  const { texts } = useTexts();
  const counts = new Map<string, number>();
  for (const one of done.done) counts.set(one.outcome, (counts.get(one.outcome) ?? 0) + 1);
  return (
    <>
      <div role="status">
        {counts.size === 0 ? (
          <p>{texts.nothingDone}</p>
        ) : (
          <ul className={classes.some}>
            {[...counts].map(([outcome, count]) => (
              <li key={outcome}>{texts.actedOn(count, outcome)}</li>
            ))}
          </ul>
        )}
      </div>
      <DialogActs>
        <Button onClick={close} data-autofocus>
          {texts.close}
        </Button>
      </DialogActs>
    </>
  );
}
