import { linkOptions, useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Place } from "../api/place";

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
