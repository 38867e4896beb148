/** Words of the exception desk: what stands still, why, and what can be done with it. */
const exceptions = {
  exceptions: "Exceptions",
  noExceptionsTitle: "Nothing stands still",
  noExceptionsBody:
    "What fails, is uncertain or waits for somebody is listed here until it goes on or somebody gives it up.",
  exceptionOrder: "Order and owner",
  exceptionSorts: {
    risk: "Most at risk",
    age: "Oldest first",
    value: "Highest value",
    deadline: "Next deadline",
  },
  onlyMine: "Mine",
  groupBy: "Group by",
  groupedBy: (name: string) => `By ${name.toLowerCase()}`,
  groupNames: {
    category: "What is wrong",
    kind: "Kind",
    warehouse: "Warehouse",
    segment: "Customer segment",
    order_type: "Order type",
    channel: "Channel",
    stage: "Stage",
    system: "System",
    owner: "Owner",
  },
  noGroup: {
    category: "Other",
    kind: "Of no kind",
    warehouse: "No warehouse",
    segment: "No segment",
    order_type: "No order type",
    channel: "No channel",
    stage: "No stage",
    system: "No system",
  },
  someOwner: "Somebody",
  allGroups: (count: number) => `Show all ${count}`,
  withoutCut: (group: string, name: string) => `${group}: ${name}. Remove this filter`,
  sumAtRisk: (sum: string) => `${sum} at risk`,
  lateOfThem: (count: number) => `${count} past the deadline`,
  noneOfTheseTitle: "None of these",
  noneOfTheseBody: "Nothing stands still that fits all of the filters. Take one away to see more.",
  exceptionCategories: {
    failed: "Failed",
    uncertain: "Outcome unknown",
    parked: "Waiting for a system",
    quarantined: "Set aside",
    outage: "System away",
    "dead-letter": "Not taken in",
    missed: "Missed",
    data: "Data that contradicts",
  },
  oldest: (time: string) => `Oldest: ${time}`,
  moreOfThem: "Show more",
  chooseExceptions: "Choose all that are shown",
  chosenExceptions: (count: number) => `${count} chosen`,
  takeAllThatMatch: "All that the filters find",
  allThatMatch: "All that the filters find, 200 at a time",
  exceptionColumns: {
    what: "What",
    why: "Why",
    risk: "At risk",
    deadline: "Deadline",
    owner: "Owner",
    since: "Since",
  },
  exceptionsShown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 exception" : `${count} exceptions`,
  ofValue: (sum: string, chance: number) => `${chance}% of ${sum}`,
  overdue: (time: string) => `Since ${time}`,
  nobodys: "Nobody",
  exceptionCause: "What is wrong",
  exceptionRunbook: "Runbook",
  exceptionNextTitle: "What to do",
  exceptionStates: { open: "Open", resolved: "It goes on", discarded: "Given up" },
  exceptionOrderOf: "Order",
  exceptionRun: "Run",
  exceptionWorkflow: "Workflow",
  exceptionTask: "Task",
  exceptionTimes: "Times it came to this",
  exceptionNote: "Note",
  exceptionNext: {
    failed:
      "The run has ended. Put right what it names, then retry: it goes on from the task that failed, and nothing is done twice.",
    uncertain:
      "It is not known whether the other system acted on the last request. Look there, then decide on the run's page; or cancel the run.",
    parked:
      "It goes on by itself once the system is back or its entry is answered. Cancel it if nobody needs it any more.",
    quarantined:
      "Its workers died on it again and again. Resume it once; if it comes back, have somebody look.",
    outage: "It ends with the first call that is answered. Correct the connection if that is what is wrong.",
    "dead-letter":
      "An event began no run, or was not taken in. Put that right, have it sent again, then discard this.",
    missed: "A time came at which no run began. Put that right, then discard this.",
    data: "Two systems say different things. It ends when they agree again.",
  },
  exceptionNextOfEntry: "Compare the entry with what its system has, and decide it on the run's page.",
  exceptionOtherwise: {
    failed: "its run has ended: retry or discard it",
    uncertain: "decide on the run's page what became of it, or cancel the run",
    parked: "it goes on by itself, or is cancelled or discarded",
    quarantined: "resume, cancel or discard it",
    outage: "it ends by itself with the first call that is answered",
    "dead-letter": "discard it once that is put right",
    missed: "discard it once that is put right",
    data: "it ends when the systems agree, or is discarded",
  },
  exceptionActs: {
    retry: {
      act: "Retry",
      title: "Retry",
      body: "Failed runs go on from the task that failed. What was done already is not done again.",
    },
    resume: { act: "Resume", title: "Resume", body: "The runs go on where they stand." },
    cancel: {
      act: "Cancel the run",
      title: "Cancel the runs",
      body: "The runs end. What was done stays done.",
    },
    discard: {
      act: "Discard",
      title: "Discard",
      body: "They are given up. A run that has not ended is cancelled.",
    },
    assign: { act: "Assign", title: "Assign", body: "They get an owner, who is told nothing by this." },
    note: { act: "Note", title: "Note", body: "The words stand on each, instead of those before." },
  },
  editAndRetry: "Edit and retry",
  editBody: (task: string) =>
    `“${task}” is tried again with what you write here, and the run goes on from there. What was done already is not done again.`,
  editBodyPlain:
    "The run goes on from what failed, with what you write here. What was done already is not done again.",
  editUnknown: "What it was given is not known here. Write all of it.",
  editHidden:
    "Part of what it was given is hidden from you, so you cannot send it back. Ask somebody who may read it, or retry without a change.",
  editInput: "Input, as JSON",
  editNoJson: "This is not JSON. Look for a missing comma, quote or bracket.",
  editTakesNone: "What failed takes no other input. Retry it without a change.",
  editLate: "Somebody has retried it already.",
  covered: (covered: number, count: number) =>
    covered < count
      ? `The oldest ${covered} of ${count}. Do it again for the rest.`
      : covered === 1
        ? "This one:"
        : covered === 0
          ? "There is none that this can be done with."
          : `These ${covered}:`,
  notTaken: (count: number) =>
    count === 1 ? "1 other does not take this." : `${count} others do not take this.`,
  notTakenOne: (why: string) => `Not this: ${why}`,
  wouldBe: {
    retried: "Will be retried.",
    resumed: "Will be resumed.",
    cancelled: "Its run will be cancelled.",
    discarded: "Will be given up.",
    assigned: "Will get the owner.",
    noted: "Will get the note.",
  },
  endsItsRun: "Its run ends.",
  discardReason: "Say something.",
  assignTo: "To",
  assignees: { me: "Me", role: "Another role", nobody: "Nobody", roles: "Roles", people: "People" },
  roleName: "Name of the role",
  roleNeeded: "Name the role.",
  ownerUnknown: "There is no such role, and nobody active of this name. Nothing was changed.",
  nothingDone: "There was nothing left to do.",
  became: {
    retried: "Retried",
    resumed: "Resumed",
    cancelled: "Cancelled",
    discarded: "Given up",
    assigned: "Assigned",
    noted: "Noted",
    changed: "Left alone: somebody acted on it meanwhile",
    refused: "Refused",
    left: "Left: in hand elsewhere, try again",
  },
  actedOn: (count: number, outcome: string) =>
    `${count} ${
      {
        retried: "retried",
        resumed: "resumed",
        cancelled: "cancelled",
        discarded: "discarded",
        assigned: "assigned",
        noted: "noted",
        changed: "left alone: somebody acted on it meanwhile",
        refused: "refused: open it to see why",
        left: "left: in hand elsewhere, try again",
      }[outcome] ?? outcome
    }`,
};

export default exceptions;
