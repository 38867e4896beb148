/** Words of webhooks: where events go, and what became of each message. */
const webhooks = {
  webhooks: "Webhooks",
  webhooksBody: "Events of this environment go to these addresses, signed, and again until they are taken.",
  webhooksOnly: "Where events of this environment go. Your account may look, and change nothing.",
  noEndpointsTitle: "No endpoints yet",
  noEndpointsBody: "Add one to send events to another system. What happens before is not sent.",
  noEndpointsOnly:
    "Nothing is sent to another system. An endpoint is here once somebody who may add one does.",
  addEndpoint: "Add an endpoint",
  takes: (types: string) => `Takes ${types}`,
  endpointActive: "Active",
  endpointFailing: "Failing",
  endpointWhy: { asked: "Disabled", gone: "Gone", failing: "Given up" },
  endpointWhyLong: {
    asked:
      "Somebody disabled it. What happens meanwhile is kept for 30 days; enable it and send what was missed.",
    gone: "It answered that it wants nothing more (410), so nothing is sent. Put the receiver right, then enable it.",
    failing:
      "Nothing could be delivered for five days, so nothing is sent. Put the receiver right, then enable it.",
  },
  failingSince: (time: string) =>
    `Deliveries fail; the first failure was ${time}. Each message is tried again.`,
  earlierSecret: (time: string) => `The earlier secret signs as well until ${time}`,
  endpointUrl: "Address",
  endpointUrlHint: "https, reachable from the internet.",
  endpointUrlNeeded: "Enter an address that begins with https://.",
  endpointUrlRefused:
    "Nothing may be sent to this address: it is not https, or leads into a private network.",
  endpointTypes: "Events",
  endpointTypesHint: "Types such as order.shipped, families such as order.*, or * for all.",
  endpointTypesNeeded: "Name at least one type, or * for all.",
  endpointTypesWrong: "One of these is no type. Write order.shipped, order.* or *.",
  endpointDescription: "Name",
  endpointsFull: "There are 20 endpoints, which is as many as there may be. Remove one first.",
  secretTitle: "Copy the secret now",
  endpointSecretBody: "The receiver checks signatures with it. It is shown this once.",
  secretRotatedBody: "It is shown this once. For 24 hours the earlier one signs as well.",
  secretKept: "I have copied it",
  disable: "Disable",
  enable: "Enable",
  rotateSecret: "Rotate secret",
  replayMissed: "Send what was missed",
  replayed: (count: number) =>
    count === 0
      ? "Nothing was missed."
      : count === 1
        ? "1 message is sent again."
        : `${count} messages are sent again.`,
  endpointAsk: {
    disable: {
      title: "Disable this endpoint?",
      body: "Nothing more is sent to it. What happens meanwhile is kept for 30 days.",
      act: "Disable",
    },
    rotate: {
      title: "Rotate the secret?",
      body: "You get a new one now. For 24 hours each message has both signatures.",
      act: "Rotate secret",
    },
    remove: {
      title: "Remove this endpoint?",
      body: "Its secret and its delivery log go with it. What is on its way is not sent.",
      act: "Remove",
    },
  },
  deliveries: "Deliveries",
  deliveryStates: { pending: "Pending", delivered: "Delivered", failed: "Failed" },
  deliveryColumns: { type: "Event", state: "State", last: "Last answer", tries: "Tries", when: "Announced" },
  deliveriesShown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 message" : `${count} messages`,
  moreDeliveries: "Show older messages",
  noDeliveriesTitle: "Nothing was sent yet",
  noDeliveriesOf: (state: string) => `No message is “${state}”`,
  noDeliveriesBody: "Messages are listed here for 30 days from the moment that their event happens.",
  openDelivery: (type: string) => `Open ${type}`,
  saidLast: (status: number | null, error: string | null) =>
    status === null
      ? (error ?? "Not tried yet")
      : error === null
        ? `Answered ${status}`
        : `Answered ${status}: ${error}`,
  tries: (count: number) => (count === 1 ? "1 try" : `${count} tries`),
  triedAgain: (time: string) => `Tried again at ${time}.`,
  milliseconds: (count: number) => `${count} ms`,
  sendAgain: "Send again",
  replayDisabled: "The endpoint is disabled. Enable it first.",
};

export default webhooks;
