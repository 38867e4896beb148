import type { GraphNode } from "../api/queries";
import audit from "./en-audit";
import byHand from "./en-byhand";
import connections from "./en-connections";
import connectors from "./en-connectors";
import deployments from "./en-deployments";
import exceptions from "./en-exceptions";
import form from "./en-form";
import holds from "./en-holds";
import inbox from "./en-inbox";
import incoming from "./en-incoming";
import library from "./en-library";
import orders from "./en-orders";
import people from "./en-people";
import readiness from "./en-readiness";
import reconnect from "./en-reconnect";
import record from "./en-record";
import webhooks from "./en-webhooks";

const en = {
  ...people,
  ...reconnect,
  ...audit,
  ...webhooks,
  ...incoming,
  ...orders,
  ...readiness,
  ...record,
  ...byHand,
  ...connections,
  ...connectors,
  ...form,
  ...deployments,
  ...exceptions,
  ...holds,
  ...inbox,
  ...library,
  language: "English",
  skipToContent: "Skip to content",
  close: "Close",
  yes: "Yes",
  no: "No",
  back: "Back",

  signIn: "Sign in",
  signInTo: (brand: string) => `Sign in to ${brand}`,
  email: "Email",
  password: "Password",
  showPassword: "Show password",
  signInFailed: "That email and password do not match. Check both and try again.",
  signInLater: (minutes: number) =>
    minutes > 1
      ? `Too many attempts. Try again in ${minutes} minutes.`
      : "Too many attempts. Try again in a minute.",
  emailNeeded: "Enter your email.",
  passwordNeeded: "Enter your password.",
  needHelp: "Need help?",
  cookieRefused:
    "You were let in, but this browser did not keep you signed in: it refuses the cookie. Allow cookies for this address, or use another browser.",
  sessionEnded: "Your session has ended. Sign in to go on where you were.",
  signOut: "Sign out",

  runs: "Runs",
  navigation: "Main",
  account: "Account",
  theme: "Theme",
  themes: { light: "Light", dark: "Dark", auto: "System" },
  languageWord: "Language",
  keyboard: "Keyboard shortcuts",
  singleKeys: "Single-key shortcuts",
  on: "On",
  off: "Off",
  justNow: "just now",
  environments: { dev: "Development", test: "Test", live: "Live" },
  environmentHint: {
    dev: "Development: nothing here is real.",
    test: "Test: nothing here reaches your live systems.",
    live: "Live: what happens here is real.",
  },

  live: "Up to date",
  liveHint: "Changes show as they happen.",
  asOf: (time: string) => `As of ${time}`,
  offlineHint: "The connection is lost. What you see may have changed since; it comes back by itself.",

  sendSample: "Send sample order",
  sending: "Sending…",
  sampleUnknown: "Whether a template has a sample could not be read. Choose the button to try again.",
  sampleNone: "No deployed template has a sample.",
  sampleNotAllowed: "Your account may not send events. Your service provider can allow it.",
  sampleNoRun: "The sample was taken, and no deployment waits for it.",
  sampleFailed: "The sample was not sent.",
  sampleUnanswered: "There was no answer. Send it again: it stays one order.",
  sampleConfirmTitle: "Send a sample order to your live systems?",
  sampleConfirmBody: "It creates a real order there.",
  cancel: "Cancel",

  searchRuns: "Find by order number",
  clearSearch: "Clear search",
  filterByState: "State",
  all: "All",
  columns: {
    order: "Order",
    state: "State",
    note: "What is happening",
    template: "Template",
    started: "Started",
    duration: "Duration",
  },
  noKey: "No order number",
  newRuns: (count: number) => `${count} new`,
  newRunsHint: "Show them at the top",
  more: "Show older runs",
  loadingMore: "Loading…",
  shown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 run" : `${count} runs`,

  emptyTitle: "No runs yet",
  emptyBody: "A run appears here when an order arrives. Send a sample order to watch one from start to end.",
  emptyBodyPlain: "A run appears here when an order arrives.",
  emptyFilterTitle: "No run matches",
  emptyFilterBody: (state: string | null, key: string | null) =>
    key === null
      ? `No run has the state “${state}” now.`
      : `No run${state === null ? "" : ` with the state “${state}”`} has the order number “${key}”. Search takes the whole number; part of one finds it among the rows in view.`,
  clearFilter: "Clear filter",

  states: {
    pending: "Pending",
    running: "Running",
    waiting: "Waiting",
    suspended: "Suspended",
    cancelled: "Cancelled",
    faulted: "Faulted",
    completed: "Completed",
    held: "Held",
  },
  holds: {
    incomplete: "Unknown in the ERP",
    value: "Order value limit",
    credit: "Credit limit",
    stock: "Short in stock",
  } as Record<string, string>,
  taskStates: {
    idle: "Not reached",
    running: "Running",
    waiting: "Waiting",
    completed: "Done",
    skipped: "Skipped",
    faulted: "Faulted",
    cancelled: "Cancelled",
  },

  waitingTitle: "Why is it waiting?",
  waitingConnection: (system: string, reason: string, time: string, next: string | null) =>
    `${system} has not taken the call since ${time}: ${reason}. The call is repeated by itself until it gets through${next ? `, next at ${next}` : ""}.`,
  waitingLine: (system: string, reason: string, time: string) =>
    `In line for ${system} since ${time}: ${reason}. It goes on by itself when its turn comes.`,
  waitingPlaybook: (system: string, reason: string, time: string) =>
    `Set aside for ${system} since ${time}: ${reason}. It goes on when that is done.`,
  uncertainShort: "Somebody has to look",
  waitingUncertain: (time: string) =>
    `Since ${time} nobody knows whether a call reached the other system. Someone who may change runs has to look there and say so.`,
  waitingQuarantine: (time: string) =>
    `Set aside at ${time}, after it failed several times without getting any further. Someone who may change runs has to resume it.`,
  waitingOther: (kind: string, reason: string, time: string) =>
    `Waiting for ${kind} since ${time}. ${reason}`,
  waitingTimer: (next: string | null) =>
    `It pauses, as its workflow says, and goes on by itself${next ? ` at ${next}` : ""}.`,
  waitingTimerShort: (next: string | null) => (next ? `Pauses until ${next}` : "Pauses"),
  waitingEvent: (event: string, time: string) => `It has waited for ${event} since ${time}.`,
  waitingPersonShort: "Waits for a person",
  waitingPerson: (time: string) =>
    `It has waited since ${time} for somebody to do the task that it asked for, and goes on with what they decide.`,
  waitingKeyShort: "Waits for its turn",
  waitingKey: (reason: string, time: string) =>
    `It has waited for its turn since ${time}. ${reason}, and only one may be under way at a time; this one goes on by itself when that one has ended.`,
  waitingHoldShort: (time: string) => `Held since ${time}`,
  waitingHold: (reason: string, time: string) =>
    `Since ${time} ${reason}. It goes on by itself when nothing holds the order any more.`,
  waitingSince: (system: string, time: string) => `Waiting for ${system} since ${time}`,
  theOtherSystem: "the connected system",
  anEvent: (kinds: string) => (kinds ? `an event (${kinds})` : "an event"),
  attempt: (count: number) => `Attempt ${count}`,
  quarantineShort: "Set aside, needs a person",

  released: (number: string) => `Sale ${number} created`,
  releasedTitle: "Order released",
  heldTitle: "Order held",
  saleNumber: "Sale",
  saleState: "State in the ERP",
  saleStates: { confirmed: "Confirmed" } as Record<string, string>,
  total: "Total",
  customer: "Customer",
  holdReason: "Reason",
  backordered: "On backorder",
  backorderedItems: (count: number) => (count === 1 ? "1 item" : `${count} items`),
  completedTitle: "Completed",
  faultedTitle: "Stopped by an error",
  faultedAt: "at",
  faultedBody: "Nothing after the step in red was done. What was done before it stands.",
  undoneBody: "Nothing after the step in red was done. Another run undoes what was done before it.",
  unfitTitle: "The order does not fit what the workflow takes",
  unfitAt: (path: string) => `It is wrong at ${path}.`,
  unfitBody: "Nothing was done with it.",
  cancelledTitle: "Cancelled",
  cancelledBody:
    "Ended by a person before it was complete. A call that was under way may still have taken effect.",

  journalCut: (shown: string, all: string) =>
    `The first ${shown} of ${all} lines. What came later is in the result, not here.`,
  resultFollows: "Under way. The result stands here when it is known.",
  progress: "Progress",
  journal: "Journal",
  graph: "Workflow",
  graphHint: "The way through the workflow. Solid: taken. Faint: not taken.",
  started: "Started",
  finished: "Finished",
  ran: "Duration",
  version: (version: string) => `version ${version}`,
  runId: "Run",
  copy: "Copy",
  copied: "Copied",
  runStarted: "Order received",
  runCompleted: "Run completed",
  runFaulted: "Run stopped by an error",
  runCancelled: "Run cancelled",
  runQuarantined: "Run set aside",
  runSuspended: "Run suspended",
  runResumed: "Run resumed",
  runRetried: "Run tried again from what failed",
  atStep: (step: string) => `at ${step}`,
  runMigrated: "Run moved to another version",
  runCompensated: "Another run undoes what was done",
  undoes: "Run it undoes",
  undoneBy: "Undone by",
  notStarted: "Waiting for its turn. The first steps show here in a moment.",
  justStarted: "Started. The first steps show here in a moment.",
  steps: (count: number) => (count === 1 ? "1 step" : `${count} steps`),
  startNode: "Order received",
  endNode: "End",

  input: "Input",
  inputHint: "What the step before handed on",
  output: "Output",
  error: "Error",
  attempts: "Attempts",
  attemptLine: (attempt: number, reason: string) => `Attempt ${attempt}${reason ? `: ${reason}` : ""}`,
  noAttempts: "One attempt, no retries",
  noOutput: "Nothing yet",
  caught: "Error that was dealt with",
  caughtLine: (title: string) => (title ? `Dealt with: ${title}` : "Dealt with an error"),
  retryLine: (count: number, title: string) =>
    `${count === 1 ? "Tried again" : `Tried again ${count} times`}${title ? `: ${title}` : ""}`,
  rerouted: "Answered by the connection that stands in for one that is away",
  received: "Events received",
  receivedLine: (count: number) => (count === 1 ? "1 event received" : `${count} events received`),
  latestOf: (count: number) => `the latest of ${count} times`,
  emptyValue: "Empty",
  masked: "Hidden",
  maskedHint:
    "Personal or sensitive. Your account sees this field hidden; your service provider can grant the permission to read it.",
  someMasked:
    "Fields marked Hidden are personal or sensitive. Your service provider can grant the permission to read them.",
  payloadsHidden: "Your account may not read the data of runs. Your service provider can grant it.",
  kinds: {
    start: "Start",
    end: "End",
    call: "Call",
    do: "Group",
    emit: "Event",
    for: "Repeat",
    fork: "In parallel",
    listen: "Wait for events",
    raise: "Check",
    run: "Process",
    set: "Prepare",
    switch: "Decision",
    try: "Attempt",
    wait: "Pause",
  } satisfies Record<GraphNode["kind"], string> as Record<GraphNode["kind"], string>,
  items: (count: number) => (count === 1 ? "1 item" : `${count} items`),

  notFoundTitle: "Nothing is here",
  notFoundBody: "The address leads nowhere, or to something that your account may not see.",
  runNotFoundTitle: "This run is not here",
  runNotFoundBody:
    "It does not exist, or it belongs to someone else. Check the link, or look for its order number.",
  toRuns: "Go to runs",
  noPermissionTitle: "You may not see this",
  noPermissionBody: "Your account lacks the permission for this page. Your service provider can grant it.",
  askSupport: "Ask",
  errorTitle: "This did not load",
  errorBody: "Nothing was lost or changed. Try again; if it stays, tell support the number below.",
  errorBodyPlain: "Nothing was lost or changed. Try again; if it stays, tell support when it was.",
  unreachableBody: "There was no answer. Check your connection; nothing was lost or changed.",
  problemId: "Problem number",
  tryAgain: "Try again",

  helpTitle: "Keyboard shortcuts",
  helpRows: {
    next: "Next run or step",
    previous: "Previous run or step",
    open: "Open",
    search: "Search",
    help: "This help",
    leave: "Close, or back to the list",
  },
};

export type Texts = typeof en;
export default en;
