/** Words of the exception desk: what stands still, why, and what can be done with it. */
const exceptions = {
  exceptions: "Exceptions",
  noExceptionsTitle: "Nothing stands still",
  noExceptionsBody:
    "What fails, is uncertain or waits for somebody is listed here until it goes on or somebody gives it up.",
  exceptionOrder: "Order and owner",
  exceptionSorts: { age: "Oldest first", value: "Highest value", deadline: "Next deadline" },
  onlyMine: "Mine",
  exceptionGroups: "By what is wrong",
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
  nextDeadline: (time: string) => `Next deadline: ${time}`,
  deadlineMissed: (time: string) => `Deadline passed ${time}`,
  moreOfThem: "Show more",
  ofAll: (count: number, more: boolean) => (more ? `More than ${count} shown:` : `All ${count} shown:`),
  exceptionColumns: {
    what: "What",
    why: "Why",
    value: "At stake",
    deadline: "Deadline",
    owner: "Owner",
    since: "Since",
  },
  exceptionsShown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 exception" : `${count} exceptions`,
  overdue: (time: string) => `Since ${time}`,
  nobodys: "Nobody",
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
    note: { act: "Note", title: "Note", body: "The words stand on each." },
  },
  covered: (covered: number, count: number) =>
    covered < count
      ? `The oldest ${covered} of ${count}. Do it again for the rest.`
      : covered === 1
        ? "This one:"
        : covered === 0
          ? "There is none that this can be done with."
          : `These ${covered}:`,
  discardReason: "Say why they are given up.",
  assignTo: "To",
  assignees: { me: "Me", role: "A role", nobody: "Nobody" },
  roleName: "Name of the role",
  roleNeeded: "Name the role.",
  ownerUnknown: "There is no such role, and nobody active of this name. Nothing was changed.",
  nothingDone: "There was nothing left to do.",
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
