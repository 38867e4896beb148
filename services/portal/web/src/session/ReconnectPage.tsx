import { Button, Loader } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, body, Problem, type Schemas } from "../api/client";
import { brandQuery, reconnectQuery } from "../api/queries";
import { LevelMark } from "../readiness/LevelMark";
import type { Texts } from "../texts/en";
import { useTexts } from "../texts/texts";
import { DoorPage } from "./DoorPage";
import classes from "./DoorPage.module.css";
import { Refusal } from "./Refusal";
import { generalWords } from "./words";

type OpenLink = Schemas["OpenLink"];

/** Looking at this page opens nothing: a person says so first, since programs look at links, too. */
export function ReconnectPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const [token, setToken] = useState(() => location.hash.slice(1));
  useEffect(() => {
    document.title = `${texts.reconnect} · ${brand.name}`;
  }, [texts, brand]);
  return token ? <ClosedLink token={token} onOpen={() => setToken("")} /> : <OpenedLink />;
}

function ClosedLink({ token, onOpen }: { token: string; onOpen: () => void }) {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const queries = useQueryClient();
  const opening = useMutation({
    mutationFn: () => body(api.POST("/portal/reconnect", { body: { token } })),
    onSuccess: found => {
      queries.setQueryData(reconnectQuery.queryKey, found);
      // The text is not for the history of the browser.
      history.replaceState(history.state, "", "/reconnect");
      onOpen();
    },
  });
  if (isOver(opening.error)) return <Over />;
  return (
    <DoorPage title={texts.reconnectAsked(brand.name)}>
      <p className={classes.lead}>{texts.reconnectBody}</p>
      <div className={classes.form}>
        {opening.error && <Refusal>{words(texts, opening.error)}</Refusal>}
        <Button size="md" fullWidth loading={opening.isPending} onClick={() => opening.mutate()}>
          {texts.openReconnect}
        </Button>
      </div>
    </DoorPage>
  );
}

function OpenedLink() {
  const { texts } = useTexts();
  const { data: link, error, isPending } = useQuery(reconnectQuery);
  if (link?.state === "done") {
    return (
      <DoorPage title={texts.reconnectDone(link.system)}>
        <p className={classes.lead} role="status">
          {texts.reconnectDoneBody(link.client)}
        </p>
      </DoorPage>
    );
  }
  if (link?.state === "exchanging") {
    return (
      <DoorPage title={texts.reconnecting(link.system)}>
        <p className={classes.lead} role="status">
          <Loader size="sm" aria-hidden /> {texts.reconnectingBody}
        </p>
      </DoorPage>
    );
  }
  if (link) return <Leave link={link} />;
  if (isPending) return null;
  return isOver(error) ? <Over /> : <Over said={error ? words(texts, error) : undefined} />;
}

function Leave({ link }: { link: OpenLink }) {
  const { texts } = useTexts();
  const leaving = useMutation({
    mutationFn: () => body(api.POST("/portal/reconnect/leave")),
    onSuccess: left => location.assign(left.location),
  });
  if (isOver(leaving.error)) return <Over />;
  const refused = link.state === "refused" ? texts.reconnectRefused[link.reason ?? "interrupted"] : null;
  const said = leaving.error ? words(texts, leaving.error) : refused;
  return (
    <DoorPage title={texts.reconnectTo(link.system)}>
      <p className={classes.lead}>
        <span className={classes.invited}>{texts.reconnectFor(link.client)}</span>
        {texts.reconnectConnection(link.connection)}
        {link.level === "not certified" && (
          <span className={classes.invited}>
            <LevelMark level={link.level} />
          </span>
        )}
      </p>
      <p className={classes.lead}>{texts.reconnectToBody(link.system)}</p>
      <div className={classes.form}>
        {said && <Refusal>{said}</Refusal>}
        <Button
          size="md"
          fullWidth
          loading={leaving.isPending || leaving.isSuccess}
          onClick={() => leaving.mutate()}
        >
          {refused ? texts.reconnectAgain : texts.reconnectGo(link.system)}
        </Button>
      </div>
    </DoorPage>
  );
}

function Over({ said }: { said?: string | undefined }) {
  const { texts } = useTexts();
  return (
    <DoorPage title={texts.reconnect}>
      <Refusal>{said ?? texts.reconnectOver}</Refusal>
    </DoorPage>
  );
}

const isOver = (error: Error | null) => error instanceof Problem && error.status === 404;

function words(texts: Texts, error: Error): string {
  return generalWords(texts, error) ?? (error instanceof Problem ? error.message : texts.failedPlain);
}
