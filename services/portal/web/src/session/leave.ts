import type { Schemas } from "../api/client";
import { api, body } from "../api/client";

/** Off to a provider; what is meant to come afterwards is kept by the server. */
export async function leaveFor(provider: string, wish: Partial<Schemas["Leaving"]>): Promise<void> {
  const { location: there } = await body(
    api.POST("/portal/providers/{provider}/leave", {
      params: { path: { provider } },
      body: { to: "/", prove: false, accept: false, ...wish },
    }),
  );
  location.assign(there);
}
