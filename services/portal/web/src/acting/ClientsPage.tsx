import { Button } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { brandQuery, type Client, clientsQuery, sessionQuery } from "../api/queries";
import { Dialog } from "../pages/Dialog";
import { Failure } from "../pages/Failure";
import { LinesSkeleton } from "../pages/LinesSkeleton";
import { Notice } from "../pages/Notice";
import { toDeployments } from "../place/place";
import { Refusal } from "../session/Refusal";
import { useResumed } from "../session/resuming";
import { ClientIcon } from "../states/icons";
import { useTexts } from "../texts/texts";
import { ActForm } from "./ActForm";
import classes from "./ClientsPage.module.css";

/** Somebody of the partner's own chooses whom they work for. */
export function ClientsPage() {
  const { texts } = useTexts();
  const { data: brand } = useSuspenseQuery(brandQuery);
  const { data: session } = useSuspenseQuery(sessionQuery);
  const listed = useInfiniteQuery(clientsQuery);
  const clients = listed.data?.pages.flatMap(page => page.items);
  const resumed = useResumed("act-as", session.account.id);
  const [chosen, choose] = useState<Client | null>(resumed?.client ?? null);
  const may = session.permissions.includes("clients:act");
  const looks = session.permissions.includes("deployments:read") && !session.client;
  useEffect(() => {
    document.title = `${texts.clients} · ${brand.name}`;
  }, [texts, brand]);
  if (listed.error && !clients) return <Failure error={listed.error} reset={() => void listed.refetch()} />;
  if (clients?.length === 0) {
    return (
      <div className={classes.page}>
        <h1 className={classes.title}>{texts.clients}</h1>
        <Notice icon={<ClientIcon />} title={texts.noClientsTitle} body={texts.noClients} />
      </div>
    );
  }
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>{texts.clients}</h1>
      <p className={classes.lead}>{may ? texts.clientsBody : texts.clientsOnly}</p>
      {!clients && <LinesSkeleton lines={5} />}
      <ul className={classes.list}>
        {clients?.map(one => (
          <li key={one.id} className={classes.row}>
            {looks ? (
              <Link {...toDeployments({ client: one.slug, environment: "test" })} className={classes.name}>
                {one.name}
              </Link>
            ) : (
              <span className={classes.name}>{one.name}</span>
            )}
            {may && (
              <Button variant="default" aria-label={texts.actAs(one.name)} onClick={() => choose(one)}>
                {texts.actAsWho}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {clients && (
        <div className={classes.foot}>
          <span className="numbers">{texts.clientsShown(clients.length, listed.hasNextPage)}</span>
          {listed.isFetchNextPageError && <Refusal>{texts.failedPlain}</Refusal>}
          {listed.hasNextPage && (
            <Button
              variant="default"
              size="xs"
              loading={listed.isFetchingNextPage}
              onClick={() => void listed.fetchNextPage()}
            >
              {texts.moreClients}
            </Button>
          )}
        </div>
      )}
      <Dialog open={chosen !== null} close={() => choose(null)} title={texts.actAs(chosen?.name ?? "")}>
        {chosen && (
          <ActForm
            client={chosen}
            resumed={chosen === resumed?.client ? resumed : null}
            close={() => choose(null)}
          />
        )}
      </Dialog>
    </div>
  );
}
