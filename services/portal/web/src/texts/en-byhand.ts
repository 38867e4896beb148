/** Words of what people do by hand: touches, what they type again, and what they do beside the systems. */
const byHand = {
  byHand: "Work by hand",
  byHandPeriod: "Period",
  lastDays: (days: number) => `Last ${days} days`,
  noteWorkaround: "Done beside the systems",
  ways: {
    spreadsheet: "Spreadsheet",
    mail: "Mail",
    telephone: "Telephone",
    chat: "Chat",
    paper: "Paper",
    other: "Another way",
  },
  workaroundNoted: (way: string, uses: number, day: string) =>
    uses === 1 ? `${way} noted: to end by ${day}.` : `${way} noted, ${uses} times now: to end by ${day}.`,
  allWorkarounds: "All workarounds",
  workarounds: "Workarounds",
  workaroundsAbout:
    "What people do beside the systems. Each has somebody who is to end it, and a day until when.",
  workaroundStates: { open: "Open", retired: "Ended" },
  noWorkarounds: {
    open: "Nothing is noted. An order, an exception and a task have a button for it.",
    retired: "None has ended yet.",
  },
  workaroundColumns: { what: "What", uses: "Noted", owner: "To end it", until: "Until", acts: "Acts" },
  workaroundsShown: (count: number, more: boolean) =>
    more ? `${count} shown` : count === 1 ? "1 workaround" : `${count} workarounds`,
  usesPerWeek: (uses: number, week: number) => (uses === 1 ? "Once" : `${uses} times, ${week} a week`),
  pastItsDay: (day: string) => `Past its day, ${day}`,
  workaroundActs: {
    assign: { act: "Assign", body: "It is theirs to end from now on." },
    postpone: { act: "Put off", body: "Say until when, and why it cannot end before." },
    retire: { act: "End", body: "It is done with. Whoever needs it again notes it anew." },
  },
  workaroundChanged: "Somebody acted on it meanwhile. Nothing was changed; look at it again.",
  workaroundRefused: "The day has to be from today on and within a year, and the owner somebody active.",
  reEntry: "Typed again",
  reEntryAbout: "Found in what people answered, without the values themselves.",
  noReEntry: "Nothing was typed or put right again and again in this time.",
  reEntryWhat: {
    "typed-twice": (field: string, step: string, before: string) =>
      `${field} at ${step}: the same was typed at ${before} before`,
    "edited-again": (field: string, step: string, _: string) =>
      `${field} at ${step}: filled in again and again`,
    "done-again": (_: string, step: string, __: string) => `${step}: done again and again for one thing`,
  },
  reEntryCauses: {
    "typed-twice":
      "The later task asks for what an earlier one was told: hand the value on, or have it looked up.",
    "edited-again": "The value does not stay: its system has another, or the rule behind it does not fit.",
    "done-again":
      "The same is put right by hand again and again: two systems do not agree, and nothing maps them.",
  },
  reEntryTimes: (count: number, things: number) =>
    `${count} times, for ${things === 1 ? "1 thing" : `${things} things`}`,
  minutesAtIt: (minutes: number) => `${minutes} min`,
  nobodyMeasured: "Nobody measured how long",
  forExample: (key: string) => `For example ${key}`,
  touches: "By step",
  touchesAbout: "What people had to do, and how long they were at it, as far as pages measured that.",
  noTouches: "Nobody had to do anything by hand in this time.",
  touchColumns: {
    step: "Step",
    touches: "Times",
    perEntity: "For each thing",
    people: "People",
    active: "Time at it",
    each: "Each time",
    estimated: "Estimated elsewhere",
  },
  touchSteps: (count: number) => (count === 1 ? "1 step" : `${count} steps`),
};

export default byHand;
