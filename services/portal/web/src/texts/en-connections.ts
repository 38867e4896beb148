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
};

export default connections;
