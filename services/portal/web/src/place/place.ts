import { linkOptions, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Place } from "../api/place";
import type { Shown as ShownConnectors } from "../connectors/shown";

const ROOT = "/clients/$client/$environment";

/** Of which client and environment this page is; null: of those of the session. */
export function usePlace(): Place | null {
  const { client, environment } = useParams({ strict: false });
  return useMemo(() => (client && environment ? { client, environment } : null), [client, environment]);
}

export const toDeployments = (place: Place | null) =>
  place
    ? linkOptions({ to: `${ROOT}/deployments`, params: { ...place } })
    : linkOptions({ to: "/deployments" });

export const toDeployment = (place: Place | null, deployment: string) =>
  place
    ? linkOptions({ to: `${ROOT}/deployments/$deployment`, params: { ...place, deployment } })
    : linkOptions({ to: "/deployments/$deployment", params: { deployment } });

export const toPromotion = (place: Place | null, promotion: string) =>
  place
    ? linkOptions({ to: `${ROOT}/promotions/$promotion`, params: { ...place, promotion } })
    : linkOptions({ to: "/promotions/$promotion", params: { promotion } });

export const toConnections = (place: Place | null) =>
  place
    ? linkOptions({ to: `${ROOT}/connections`, params: { ...place } })
    : linkOptions({ to: "/readiness/connections" });

export const toConnectors = (place: Place | null, search: ShownConnectors = {}) =>
  place
    ? linkOptions({ to: `${ROOT}/connectors`, params: { ...place }, search })
    : linkOptions({ to: "/connectors", search });

export const toConnector = (place: Place | null, connector: string) =>
  place
    ? linkOptions({ to: `${ROOT}/connectors/$connector`, params: { ...place, connector } })
    : linkOptions({ to: "/connectors/$connector", params: { connector } });

export const toConnect = (place: Place | null, connector: string) =>
  place
    ? linkOptions({ to: `${ROOT}/connectors/$connector/connect`, params: { ...place, connector } })
    : linkOptions({ to: "/connectors/$connector/connect", params: { connector } });

export const toChange = (place: Place | null, connection: string) =>
  place
    ? linkOptions({ to: `${ROOT}/connections/$connection`, params: { ...place, connection } })
    : linkOptions({ to: "/readiness/connections/$connection", params: { connection } });
