import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { Problem } from "../api/client";
import { brandQuery, type RunFilter, type ShownState, sessionQuery } from "../api/queries";
import { Frame } from "../frame/Frame";
import { Failure } from "../pages/Failure";
import { NotFound } from "../pages/NotFound";
import { SignInPage } from "../session/SignInPage";
import { onSignedOut, queries } from "./cache";

const STATES: readonly string[] = [
  "pending",
  "running",
  "held",
  "waiting",
  "suspended",
  "cancelled",
  "faulted",
  "completed",
];

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;

/** Only a path of ours: `//host` and `\\host` lead elsewhere, and the way in leads nowhere. */
function leadsOn(to: string): boolean {
  if (!/^\/(?![/\\])/.test(to)) return false;
  const { origin, pathname } = new URL(to, location.origin);
  return origin === location.origin && !/^\/*sign-in\/*$/i.test(pathname);
}

const root = createRootRoute({
  component: Outlet,
  beforeLoad: () => queries.ensureQueryData(brandQuery),
  notFoundComponent: NotFound,
  errorComponent: Failure,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: SignInPage,
  validateSearch: (
    search: Record<string, unknown>,
  ): { to?: string | undefined; ended?: boolean | undefined } => {
    const to = text(search.to);
    return { to: to && leadsOn(to) ? to : undefined, ended: search.ended === true || undefined };
  },
});

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Frame,
  errorComponent: Failure,
  beforeLoad: async ({ location }) => {
    try {
      return { session: await queries.ensureQueryData(sessionQuery) };
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) throw error;
      const to = location.href === "/" ? {} : { to: location.href };
      throw redirect({ to: "/sign-in", search: to });
    }
  },
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/runs", replace: true });
  },
});

const runs = createRoute({
  getParentRoute: () => inside,
  path: "/runs",
  component: lazyRouteComponent(() => import("../runs/RunsPage"), "RunsPage"),
  beforeLoad: ({ search, location }) => {
    // The address says what is shown: a state that there is not leaves it.
    const asked = new URLSearchParams(location.searchStr).has("state");
    if (asked && !search.state) throw redirect({ to: "/runs", search, replace: true });
  },
  validateSearch: (search: Record<string, unknown>): RunFilter => {
    const state = text(search.state);
    // What is not valid is named and left undefined: a member that is left out would pass as it came.
    return {
      state: state && STATES.includes(state) ? (state as ShownState) : undefined,
      key: text(search.key),
    };
  },
});

const run = createRoute({
  getParentRoute: () => inside,
  path: "/runs/$run",
  component: lazyRouteComponent(() => import("../run/RunPage"), "RunPage"),
  validateSearch: (search: Record<string, unknown>): { task?: string | undefined } => ({
    task: text(search.task),
  }),
});

const lost = createRoute({ getParentRoute: () => inside, path: "$", component: NotFound });

export const router = createRouter({
  routeTree: root.addChildren([signIn, inside.addChildren([home, runs, run, lost])]),
  defaultPreload: "intent",
  defaultErrorComponent: Failure,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

onSignedOut.call = () => {
  if (router.state.location.pathname === "/sign-in") return;
  const to = router.state.location.href;
  queries.removeQueries({ predicate: query => query.queryKey[0] !== "brand" });
  void router.navigate({ to: "/sign-in", search: { to, ended: true } });
};
