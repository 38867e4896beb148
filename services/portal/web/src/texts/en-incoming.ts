/** Words of webhooks that come in: addresses that other systems send to, and what became of each message. */
const incoming = {
  directions: "Direction",
  outgoing: "Outgoing",
  incoming: "Incoming",
  incomingTitle: "Incoming webhooks",
  incomingBody:
    "Other systems send their webhooks to these addresses. What a proven sender sends becomes an event.",
  noHooksTitle: "No addresses yet",
  noHooksBody:
    "An address is made over the API, one for each system that sends. What it sends is listed here.",
  moreHooks: "Show more addresses",
  hookActive: "Active",
  hookRefused: "Last refused",
  hookDisabled: "Closed",
  hookDisabledLong: "Somebody closed it. Its sender is told so, and nothing is taken.",
  lastReceived: (time: string) => `Last message ${time}`,
  nothingReceived: "No message yet",
  provenBy: {
    "standard-webhooks": "Proven by Standard Webhooks",
    "hmac-sha256": "Proven by HMAC-SHA256",
    token: "Proven by a token",
  },
  hookPath: "Below the address of the API",
  hookSource: (source: string) => `Source of its events ${source}`,
  hookWeakness: {
    "static-token":
      "The secret travels with each message, and nothing proves that the content is the sender's.",
    "no-timestamp": "No time is signed: a message that somebody got hold of stays good.",
    "id-not-signed":
      "The id is not signed: a message that somebody got hold of is good again under another id.",
  },
  hookMessages: "Messages",
  receivedStates: { taken: "Taken", ignored: "Ignored", refused: "Refused" },
  receivedColumns: {
    type: "Event",
    state: "State",
    note: "What became of it",
    size: "Size",
    when: "Received",
  },
  receivedShown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 message" : `${count} messages`,
  moreReceived: "Show older messages",
  noReceivedTitle: "Nothing came yet",
  noReceivedOf: (state: string) => `No message is “${state}”`,
  noReceivedBody:
    "What a proven sender sends is listed here. A message that proves nothing is turned away and not kept.",
  noEvent: "No event",
  openReceived: (name: string) => `Open ${name}`,
  becameEvent: "It is an event",
  becameNothing: "Of a type that is not asked for",
  takenAgainTimes: (count: number) => (count === 1 ? "taken in again once" : `taken in again ${count} times`),
  refusedWhy: {
    "malformed-webhook": "The content is no JSON that is accepted",
    "webhook-not-mapped": "What the event is read from is not in it",
    "event-breaks-schema": "It breaks the schema of its event",
    "unknown-event-schema": "It names a schema that there is not",
  },
  refusedPlain: "It was refused",
  sentId: "Sender's id",
  receivedHeaders: "Headers",
  receivedContent: "Content, as it came",
  receivedBinary: "Content, which is no text, in base64",
  contentMasked: "What is private in it is hidden, and so are its headers.",
  contentHidden:
    "Your account may see that something came, and not what. Whoever manages your accounts can let you.",
  contentUnmasked:
    "It is no text: what is private in it cannot be told from the rest, so all of it is hidden.",
  contentRefused: "Your account may not read what came. Whoever manages your accounts can let you.",
  takeAgain: "Take in again",
  takenAgain: (runs: number) =>
    runs === 0
      ? "It is an event now; no run began."
      : runs === 1
        ? "It is an event now, and 1 run began."
        : `It is an event now, and ${runs} runs began.`,
  ignoredAgain: "It is of a type that is not asked for, still.",
  refusedAgain: (why: string) => `It is refused again: ${why}.`,
};

export default incoming;
