/** Words of the page of connections: how each is, and what can be done. */
const connections = {
  templates: "Templates",
  connections: "Connections",
  connectionsBody:
    "Each connection is asked one small question when it changes and now and then. What the last answer told is below.",
  noConnectionsTitle: "No connections",
  noConnectionsBody: "The systems of this environment are listed here once they are connected.",
  healthStates: {
    well: "Well",
    failing: "Failing",
    away: "Away",
    unknown: "Not checked",
    disabled: "Disabled",
  },
  healthErrors: {
    authentication: "Its credentials are refused",
    authorization: "A right is missing",
    configuration: "A setting is wrong",
    communication: "It does not answer as it should",
    timeout: "It did not answer in time",
    validation: "It does not take the question",
  } as Partial<Record<string, string>>,
  awayWhy: (reason: string) => `It is left alone until it answers again: ${reason}`,
  checkedAt: "Checked",
  lastGood: "Last good answer",
  errorKind: "Error",
  answeredIn: "Answered in",
  quotaLeft: "Quota left",
  quotaOf: (left: string, most: string) => `${left} of ${most}`,
  breaker: "Breaker open since",
  breakerWord: "Breaker",
  breakerClosed: "Closed: calls go out",
  endsAt: "Ends",
  renewsItself: "renewed by itself",
  endsSoon: (at: string) => `What it signs in with ends on ${at}. Renew it before.`,
  rights: "Rights",
  rightsUnknown: "Cannot be told: the system does not say which it gave",
  tooManyRights: (rights: string) =>
    `Its credentials may do more than any operation needs: ${rights}. Take these rights away at the system.`,
  authorizations: {
    none: "Nobody has authorised it yet. Make a link and have it opened by somebody who may.",
    ended: "Its authorisation has ended. Make a link and have it opened by somebody who may.",
  },
  moreConnections: "Show more",
  checkNow: "Check now",
  makeLink: "Make a link to authorise",
  linkTitle: "The link to authorise it",
  linkBody:
    "Hand it to who may allow the connection at the system, and to nobody else. It counts once, within a day, and is not shown again.",
  removeAuthorization: "Remove authorisation",
  removeAuthorizationBody: (system: string) =>
    `Work that needs ${system} waits until somebody authorises it again. The system is not told: end it there as well, in its list of applications.`,
  healthTitle: "How it is",
  disableConnectionTitle: (name: string) => `Disable ${name}?`,
  disableConnectionBody:
    "Within seconds nothing calls it: no run, no watch and no check. A run that needs it stops at that step, says that the connection is disabled, and stands at Exceptions. Try it again there once the connection is enabled.",
  usedBy: (count: number, names: string) =>
    count === 1 ? `1 active deployment uses it: ${names}.` : `${count} active deployments use it: ${names}.`,
  usedByNone: "No active deployment uses it.",
  usedMore: (names: string, more: number) => `${names} and ${more} more`,
  isDisabled: "It is disabled: nothing calls it. Runs that need it stop and stand at Exceptions.",
  care: {
    title: "Owner, limits and fallback",
    body: "Calls go by it within seconds; deployments need no change.",
    owner: "Owner",
    ownerHint:
      "Who is told when it is away, when it is back, and before what it signs in with ends: a mail address, a role or a name.",
    nobody: "Nobody is told",
    atOnce: "Calls at once",
    atOnceHint: (said: string) => `Over its limits a run waits its turn. The connector says: ${said}.`,
    calls: "Calls that may begin in a period",
    callsHint: "Left empty, as many as there are.",
    seconds: "Seconds of the period",
    secondsHint: "Left empty, one second.",
    callsNeeded: "Say how many calls may begin in that time",
    fallback: "Fallback",
    fallbackHint:
      "Another connection with the same connector; what is only read is read there while this one is away.",
    noFallback: "None: calls wait until it is back",
    limits: "Limits",
    save: "Save owner and limits",
    saved: "Owner, limits and fallback are saved.",
  },
};

export default connections;
