import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { Problem } from "../api/client";
import { type AuditFilter, brandQuery, type RunFilter, type ShownState, sessionQuery } from "../api/queries";
import type { Shown as ShownByHand } from "../byhand/queries";
import { LEVELS, type Shown as ShownConnectors } from "../connectors/shown";
import { shownOf } from "../exceptions/shown";
import { Frame } from "../frame/Frame";
import { shownOf as shownHolds } from "../holds/shown";
import type { Shown as ShownTasks } from "../inbox/queries";
import type { ReceivedState } from "../incoming/queries";
import { Failure } from "../pages/Failure";
import { NotFound } from "../pages/NotFound";
import { SignInPage } from "../session/SignInPage";
import { isShownOnce } from "../session/shownOnce";
import type { DeliveryState } from "../webhooks/queries";
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

const day = (value: unknown): string | undefined =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined;

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
  ): {
    to?: string | undefined;
    ended?: boolean | undefined;
    failed?: string | undefined;
    told?: string | undefined;
    provider?: string | undefined;
  } => {
    const to = text(search.to);
    return {
      to: to && leadsOn(to) ? to : undefined,
      ended: search.ended === true || undefined,
      failed: text(search.failed),
      told: text(search.told),
      provider: text(search.provider),
    };
  },
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(() => import("../session/InvitationPage"), "InvitationPage"),
});

const reconnect = createRoute({
  getParentRoute: () => root,
  path: "/reconnect",
  component: lazyRouteComponent(() => import("../session/ReconnectPage"), "ReconnectPage"),
});

const answer = createRoute({
  getParentRoute: () => root,
  path: "/answer",
  component: lazyRouteComponent(() => import("../answer/AnswerPage"), "AnswerPage"),
});

const status = createRoute({
  getParentRoute: () => root,
  path: "/status",
  component: lazyRouteComponent(() => import("../status/StatusPage"), "StatusPage"),
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
  beforeLoad: ({ context }) => {
    throw redirect({ to: context.session.client ? "/runs" : "/clients", replace: true });
  },
});

const clients = createRoute({
  getParentRoute: () => inside,
  path: "/clients",
  component: lazyRouteComponent(() => import("../acting/ClientsPage"), "ClientsPage"),
});

const secondFactor = createRoute({
  getParentRoute: () => inside,
  path: "/account/second-factor",
  component: lazyRouteComponent(() => import("../session/SecondFactorPage"), "SecondFactorPage"),
});

const password = createRoute({
  getParentRoute: () => inside,
  path: "/account/password",
  component: lazyRouteComponent(() => import("../session/PasswordPage"), "PasswordPage"),
});

const absence = createRoute({
  getParentRoute: () => inside,
  path: "/account/absence",
  component: lazyRouteComponent(() => import("../absences/AbsencePage"), "AbsencePage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const passkeys = createRoute({
  getParentRoute: () => inside,
  path: "/account/passkeys",
  component: lazyRouteComponent(() => import("../passkeys/PasskeysPage"), "PasskeysPage"),
});

const runs = createRoute({
  getParentRoute: () => inside,
  path: "/runs",
  component: lazyRouteComponent(() => import("../runs/RunsPage"), "RunsPage"),
  beforeLoad: ({ search, location, context }) => {
    // Somebody of the partner's own has runs of no client before they act as one.
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
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

const audit = createRoute({
  getParentRoute: () => inside,
  path: "/audit",
  component: lazyRouteComponent(() => import("../audit/AuditPage"), "AuditPage"),
  validateSearch: (search: Record<string, unknown>): AuditFilter => ({
    find: text(search.find),
    since: day(search.since),
    until: day(search.until),
  }),
});

const run = createRoute({
  getParentRoute: () => inside,
  path: "/runs/$run",
  component: lazyRouteComponent(() => import("../run/RunPage"), "RunPage"),
  validateSearch: (search: Record<string, unknown>): { task?: string | undefined } => ({
    task: text(search.task),
  }),
});

const orders = createRoute({
  getParentRoute: () => inside,
  path: "/orders",
  component: lazyRouteComponent(() => import("../orders/OrdersPage"), "OrdersPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
  validateSearch: (search: Record<string, unknown>): { number?: string | undefined } => ({
    number: text(search.number),
  }),
});

const order = createRoute({
  getParentRoute: () => inside,
  path: "/orders/$entity",
  component: lazyRouteComponent(() => import("../orders/OrderPage"), "OrderPage"),
});

const exceptions = createRoute({
  getParentRoute: () => inside,
  path: "/exceptions",
  component: lazyRouteComponent(() => import("../exceptions/ExceptionsPage"), "ExceptionsPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
  validateSearch: shownOf,
});

const exception = createRoute({
  getParentRoute: () => inside,
  path: "/exceptions/$exception",
  component: lazyRouteComponent(() => import("../exceptions/ExceptionPage"), "ExceptionPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const holds = createRoute({
  getParentRoute: () => inside,
  path: "/holds",
  component: lazyRouteComponent(() => import("../holds/HoldsPage"), "HoldsPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
  validateSearch: shownHolds,
});

const hold = createRoute({
  getParentRoute: () => inside,
  path: "/holds/$hold",
  component: lazyRouteComponent(() => import("../holds/HoldPage"), "HoldPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const byHand = createRoute({
  getParentRoute: () => inside,
  path: "/by-hand",
  component: lazyRouteComponent(() => import("../byhand/ByHandPage"), "ByHandPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
  validateSearch: (search: Record<string, unknown>): ShownByHand => ({
    days: search.days === 7 || search.days === 90 ? search.days : undefined,
    state: search.state === "retired" ? "retired" : undefined,
  }),
});

const VIEWS: readonly string[] = ["mine", "queues", "all"];

const inbox = createRoute({
  getParentRoute: () => inside,
  path: "/inbox",
  component: lazyRouteComponent(() => import("../inbox/InboxPage"), "InboxPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
  validateSearch: (search: Record<string, unknown>): ShownTasks => {
    const view = text(search.view);
    return {
      view: view && VIEWS.includes(view) ? (view as ShownTasks["view"]) : undefined,
      queue: text(search.queue),
      sort: search.sort === "value" ? "value" : undefined,
      which: search.which === "closed" ? "closed" : undefined,
      late: search.late === true || undefined,
      kind: text(search.kind),
    };
  },
});

// Below the list, which stays as it is while one task after the other is opened.
const task = createRoute({ getParentRoute: () => inbox, path: "$task" });

const webhooks = createRoute({
  getParentRoute: () => inside,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("../webhooks/WebhooksPage"), "WebhooksPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const readiness = createRoute({
  getParentRoute: () => inside,
  path: "/readiness",
  component: lazyRouteComponent(() => import("../readiness/ReadinessPage"), "ReadinessPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const connections = createRoute({
  getParentRoute: () => inside,
  path: "/readiness/connections",
  component: lazyRouteComponent(() => import("../connections/ConnectionsPage"), "ConnectionsPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const shownConnectors = (search: Record<string, unknown>): ShownConnectors => ({
  find: text(search.find),
  level: LEVELS.find(one => one === search.level),
  offers: text(search.offers),
});

const connectors = createRoute({
  getParentRoute: () => inside,
  path: "/connectors",
  component: lazyRouteComponent(() => import("../connectors/ConnectorsPage"), "ConnectorsPage"),
  validateSearch: shownConnectors,
});

const connector = createRoute({
  getParentRoute: () => inside,
  path: "/connectors/$connector",
  component: lazyRouteComponent(() => import("../connectors/ConnectorPage"), "ConnectorPage"),
});

const connect = createRoute({
  getParentRoute: () => inside,
  path: "/connectors/$connector/connect",
  component: lazyRouteComponent(() => import("../connectors/ConnectPage"), "ConnectPage"),
});

const connection = createRoute({
  getParentRoute: () => inside,
  path: "/readiness/connections/$connection",
  component: lazyRouteComponent(() => import("../connections/ConnectionPage"), "ConnectionPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const deployments = createRoute({
  getParentRoute: () => inside,
  path: "/deployments",
  component: lazyRouteComponent(() => import("../deployments/DeploymentsPage"), "DeploymentsPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const deployment = createRoute({
  getParentRoute: () => inside,
  path: "/deployments/$deployment",
  component: lazyRouteComponent(() => import("../deployments/DeploymentPage"), "DeploymentPage"),
});

const promotion = createRoute({
  getParentRoute: () => inside,
  path: "/promotions/$promotion",
  component: lazyRouteComponent(() => import("../deployments/PromotionPage"), "PromotionPage"),
});

/** Pages of somebody of the partner's own, who acts as nobody: of a client they choose, and of the library. */
const partners = createRoute({
  getParentRoute: () => inside,
  id: "partners",
  component: Outlet,
  beforeLoad: ({ context }) => {
    if (context.session.client) throw redirect({ to: "/runs", replace: true });
  },
});

const deploymentsOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/deployments",
  component: lazyRouteComponent(() => import("../deployments/DeploymentsPage"), "DeploymentsPage"),
});

const deploymentOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/deployments/$deployment",
  component: lazyRouteComponent(() => import("../deployments/DeploymentPage"), "DeploymentPage"),
});

const promotionOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/promotions/$promotion",
  component: lazyRouteComponent(() => import("../deployments/PromotionPage"), "PromotionPage"),
});

const readinessOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/readiness",
  component: lazyRouteComponent(() => import("../readiness/ReadinessPage"), "ReadinessPage"),
});

const connectionsOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/connections",
  component: lazyRouteComponent(() => import("../connections/ConnectionsPage"), "ConnectionsPage"),
});

const connectorsOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/connectors",
  component: lazyRouteComponent(() => import("../connectors/ConnectorsPage"), "ConnectorsPage"),
  validateSearch: shownConnectors,
});

const connectorOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/connectors/$connector",
  component: lazyRouteComponent(() => import("../connectors/ConnectorPage"), "ConnectorPage"),
});

const connectOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/connectors/$connector/connect",
  component: lazyRouteComponent(() => import("../connectors/ConnectPage"), "ConnectPage"),
});

const connectionOf = createRoute({
  getParentRoute: () => partners,
  path: "/clients/$client/$environment/connections/$connection",
  component: lazyRouteComponent(() => import("../connections/ConnectionPage"), "ConnectionPage"),
});

/** Where something is to be deployed, kept on the way through the library. */
interface Wanted {
  client?: string | undefined;
  environment?: string | undefined;
  version?: string | undefined;
}

const wanted = (search: Record<string, unknown>): Wanted => ({
  client: text(search.client),
  environment: text(search.environment),
  version: text(search.version),
});

const library = createRoute({
  getParentRoute: () => partners,
  path: "/library",
  component: lazyRouteComponent(() => import("../library/LibraryPage"), "LibraryPage"),
  validateSearch: (search: Record<string, unknown>): Omit<Wanted, "version"> => ({
    client: text(search.client),
    environment: text(search.environment),
  }),
});

const template = createRoute({
  getParentRoute: () => partners,
  path: "/library/$template",
  component: lazyRouteComponent(() => import("../library/TemplatePage"), "TemplatePage"),
  validateSearch: wanted,
});

const deploy = createRoute({
  getParentRoute: () => partners,
  path: "/library/$template/deploy",
  component: lazyRouteComponent(() => import("../library/DeployPage"), "DeployPage"),
  validateSearch: wanted,
});

const DELIVERIES: readonly string[] = ["pending", "delivered", "failed"];

const endpoint = createRoute({
  getParentRoute: () => inside,
  path: "/webhooks/$endpoint",
  component: lazyRouteComponent(() => import("../webhooks/EndpointPage"), "EndpointPage"),
  validateSearch: (search: Record<string, unknown>): { state?: DeliveryState | undefined } => {
    const state = text(search.state);
    return { state: state && DELIVERIES.includes(state) ? (state as DeliveryState) : undefined };
  },
});

const incoming = createRoute({
  getParentRoute: () => inside,
  path: "/webhooks/incoming",
  component: lazyRouteComponent(() => import("../incoming/IncomingPage"), "IncomingPage"),
  beforeLoad: ({ context }) => {
    if (!context.session.client) throw redirect({ to: "/clients", replace: true });
  },
});

const RECEIVED: readonly string[] = ["taken", "ignored", "refused"];

const hook = createRoute({
  getParentRoute: () => inside,
  path: "/webhooks/incoming/$hook",
  component: lazyRouteComponent(() => import("../incoming/HookPage"), "HookPage"),
  validateSearch: (search: Record<string, unknown>): { state?: ReceivedState | undefined } => {
    const state = text(search.state);
    return { state: state && RECEIVED.includes(state) ? (state as ReceivedState) : undefined };
  },
});

const lost = createRoute({ getParentRoute: () => inside, path: "$", component: NotFound });

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    invitation,
    reconnect,
    answer,
    status,
    inside.addChildren([
      home,
      clients,
      password,
      absence,
      secondFactor,
      passkeys,
      runs,
      run,
      orders,
      order,
      inbox.addChildren([task]),
      holds,
      hold,
      exceptions,
      exception,
      byHand,
      readiness,
      connections,
      connectors,
      connector,
      connect,
      connection,
      deployments,
      deployment,
      promotion,
      partners.addChildren([
        deploymentsOf,
        deploymentOf,
        promotionOf,
        readinessOf,
        connectionsOf,
        connectorsOf,
        connectorOf,
        connectOf,
        connectionOf,
        library,
        template,
        deploy,
      ]),
      webhooks,
      endpoint,
      incoming,
      hook,
      audit,
      lost,
    ]),
  ]),
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
  if (router.state.location.pathname === "/sign-in" || isShownOnce()) return;
  const to = router.state.location.href;
  queries.removeQueries({ predicate: query => query.queryKey[0] !== "brand" });
  void router.navigate({ to: "/sign-in", search: { to, ended: true } });
};
