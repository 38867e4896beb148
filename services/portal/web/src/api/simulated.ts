import { api, body, type Schemas } from "./client";

const SIMULATOR = "erp-simulator";

type Deployed = Pick<Schemas["DeploymentView"], "bindings">;
type Connected = Pick<Schemas["ConnectionView"], "id" | "connector">;

/** Whether all deployments work with simulated systems alone. Without any connection nothing is known of that. */
export function onlySimulated(deployments: readonly Deployed[], connections: readonly Connected[]): boolean {
  const simulated = new Set(connections.filter(one => one.connector === SIMULATOR).map(one => one.id));
  const bound = deployments.flatMap(one => Object.values(one.bindings));
  return bound.length > 0 && bound.every(id => simulated.has(id));
}

/** Whether an order that is sent now reaches no real system. What cannot be known counts as real. */
export async function reachesNothingReal(): Promise<boolean> {
  const limit = 100;
  try {
    const [deployments, connections] = await Promise.all([
      body(api.GET("/v1/deployments", { params: { query: { status: "active", limit } } })),
      body(api.GET("/v1/connections", { params: { query: { limit } } })),
    ]);
    return deployments.next === null && onlySimulated(deployments.items, connections.items);
  } catch {
    return false;
  }
}
