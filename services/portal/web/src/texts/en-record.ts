/** Words of canonical records: what their members are called, where that is not what they are named. */
const recordWords: Readonly<Record<string, string>> = {
  at_risk: "At risk",
  ordered_at: "Ordered",
  customer_reference: "Customer's own number",
  requested_ship_date: "Ship by",
  requested_delivery_date: "Wanted on",
  promised_ship_date: "Promised to ship",
  promised_delivery_date: "Promised for",
  raised_at: "Since",
  fill_policy: "What is short",
  gtin: "GTIN",
  gln: "GLN",
  duns: "D-U-N-S",
  sscc: "SSCC",
  scac: "SCAC",
  pro_number: "PRO number",
  issued_on: "Issued",
  due_on: "Due",
  net: "Net amount",
  net_days: "Days net",
};

const record = {
  recordWords,
  showAllOf: (what: string, count: number) => `Show all ${count} ${what}`,
};

export default record;
