/** Words of forms that come with tasks. */
const form = {
  optional: "optional",
  isNeeded: "needed",
  choose: "Choose",
  amount: "Amount",
  currency: "Currency",
  quantity: "Quantity",
  unit: "Unit",
  oneALine: "One a line.",
  noChoices: "There is nothing to choose from yet.",
  addRow: "Add a line",
  removeRow: (line: number) => `Remove line ${line}`,
  entryName: "Name",
  entryValue: "Value",
  lookUpFailed: "The other system did not answer. Type in what you know.",
  lookUpFound: (count: number) => (count === 1 ? "1 is found." : `${count} are found.`),
  lookUpNone: "Nothing is found by this.",
  formWrongTitle: (count: number) =>
    count === 1 ? "One thing is to be put right" : `${count} things are to be put right`,
  formWhole: "The form",
  formWrong: {
    needed: "This is needed.",
    number: "Enter a number, such as 12.5.",
    whole: "Enter a whole number.",
    places: "That is more digits than the currency has.",
    least: (least: number) => `Enter ${least} or more.`,
    most: (most: number) => `Enter ${most} or less.`,
    long: (most: number) => `Use at most ${most} characters.`,
    of: "Say of what: a currency or a unit.",
    twice: "This name stands here twice.",
  },
};

export default form;
