/** Words of orders: what systems know each by, and everything that happened to it. */
const orders = {
  orders: "Orders",
  findOrder: "Number in any system",
  find: "Find",
  orderColumns: { number: "Number", systems: "Systems", since: "Known since" },
  ordersShown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 order" : `${count} orders`,
  noOrdersTitle: "No orders yet",
  noOrdersBody:
    "An order is here once a system has told of it and a mapping has made a record of that. Mappings are written over the API.",
  noOrdersOnly: "An order is here once a system that is connected has told of it.",
  noOrderOf: (number: string) => `No order is known as “${number}”`,
  noOrderOfBody: "Numbers are compared letter for letter, as each system has them.",
  mergedAway: "Merged into another",
  mergedInto: "It turned out to be another one, which has all of its numbers.",
  openThatOne: "Open that one",
  recordKind: "Record",
  inSystem: (system: string) => `In ${system}`,
  whatHappened: "What happened",
  nothingHappenedTitle: "Nothing happened yet",
  nothingHappenedBody:
    "What systems tell of it, the runs that this begins and what people do stand here, in order.",
  laterLines: "Show what came later",
  systemsDiffer: (count: number) =>
    count === 1 ? "Systems differ in 1 place" : `Systems differ in ${count} places`,
  toldState: (system: string, state: string) => `${system} says: ${state}`,
  toldOfIt: (system: string) => `${system} told of it`,
  toldOf: (system: string, kind: string, number: string) =>
    `${system} told of ${kind.toLowerCase()} ${number}`,
  linkedWhat: (what: string, keys: string) =>
    ({
      created: `Made with ${keys}`,
      linked: `Linked with ${keys}`,
      unlinked: `No longer ${keys}`,
      merged: `Another one was merged into it: ${keys}`,
      split: `Split: ${keys}`,
    })[what] ?? keys,
  runBegan: (name: string) => `${name}: a run began`,
  runEnded: (name: string, state: string) => `${name}: the run ended, ${state.toLowerCase()}`,
  callFailed: (task: string) => `${task} failed`,
  approved: "Approved",
  refused: "Refused",
  settled: (title: string) => `Settled: ${title}`,
  byMapping: (name: string, version: number) => `mapping ${name}, version ${version}`,
  eventsFollowed: (count: number) => (count === 1 ? "1 event followed" : `${count} events followed`),
  by: (who: string) => `by ${who}`,
  openRun: "Open the run",
  orderStates: {
    captured: "Captured",
    validated: "Validated",
    held: "Held",
    released: "Released",
    allocated: "Allocated",
    backordered: "Backordered",
    "pick-released": "Pick released",
    picked: "Picked",
    packed: "Packed",
    shipped: "Shipped",
    delivered: "Delivered",
    invoiced: "Invoiced",
    closed: "Closed",
    changed: "Changed",
    cancelled: "Cancelled",
    returned: "Returned",
  },
};

export default orders;
