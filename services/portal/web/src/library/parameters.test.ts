import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { read } from "../form/answer";
import { type Draft, draftsOf, isPair, rowsOf } from "../form/drafts";
import { kindOf, type Rule } from "../form/view";
import en from "../texts/en";
import es from "../texts/es";
import { changed, parametersForm, sorted } from "./parameters";

const SHIPPED = new URL("../../../../../template_library/templates/", import.meta.url);
const words = {
  parameterDefault: en.parameterDefault,
  parameterFrom: en.inheritedFrom,
  units: en.parameterUnits,
};

const schemaOf = (name: string, version: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`${name}/${version}/parameters.schema.json`, SHIPPED), "utf8"));

const packages = readdirSync(SHIPPED).flatMap(name =>
  readdirSync(new URL(`${name}/`, SHIPPED)).map(version => [name, version] as const),
);

const formOf = (name: string, version: string) => parametersForm(schemaOf(name, version), [], words);

function given(view: ReturnType<typeof formOf>, changes: Record<string, Draft> = {}) {
  const fields = view.sections.flatMap(one => one.fields);
  const drafts = new Map([...draftsOf(fields, view.values), ...Object.entries(changes)]);
  const { values, wrong } = read(view, drafts, null, "en", en.formWrong);
  return { told: changed(view, values), wrong };
}

const fieldOf = (view: ReturnType<typeof formOf>, name: string) => {
  const field = view.sections.flatMap(one => one.fields).find(one => one.name === name);
  if (!field) throw new Error(`no field ${name}`);
  return field;
};

describe.each(packages)("%s %s", (name, version) => {
  const schema = schemaOf(name, version);
  const view = formOf(name, version);
  const fields = view.sections.flatMap(one => one.fields);

  it("has a field for each parameter, with its title and help, of a kind that can hold it", () => {
    expect(fields.map(one => one.name)).toEqual(Object.keys(schema.properties as object));
    for (const { name: field, rule } of fields) {
      expect(rule.title, field).toBeTruthy();
      expect(rule.description, field).toBeTruthy();
      checkKind(rule, field);
    }
  });

  it("holds the defaults as it opens, and tells none of them", () => {
    expect(given(view)).toEqual({ told: {}, wrong: [] });
  });
});

/** An object or a list that is entered as a line of text is a kind that the form does not know. */
function checkKind(rule: Rule, at: string): void {
  const kind = kindOf(rule);
  if (kind === "text") expect([undefined, "string"], at).toContain(rule.type);
  for (const [name, one] of Object.entries(rule.properties ?? {})) checkKind(one, `${at}/${name}`);
  if (rule.items) checkKind(rule.items, `${at}/items`);
  if (rule.additionalProperties) checkKind(rule.additionalProperties, `${at}/*`);
}

describe("what is told", () => {
  const dispute = formOf("invoice-dispute", "1.0.0");
  const onboarding = formOf("customer-onboarding", "1.0.0");
  const backorder = formOf("backorder-resolution", "1.0.0");
  const delivery = formOf("proof-of-delivery", "1.0.0");
  const release = formOf("order-release", "1.2.0");

  it("is what differs, as the schema has it", () => {
    const { told, wrong } = given(release, {
      credit_tolerance_percent: "2.5",
      allow_backorder: true,
      max_order_value: { number: "12,500.00", of: "USD" },
      margin_floor_percent: "0",
      regulated_items: "R-410A\nR-32",
      price_tolerance_percent: "0.50",
    });
    expect(wrong).toEqual([]);
    expect(told).toEqual({
      credit_tolerance_percent: 2.5,
      allow_backorder: true,
      max_order_value: { amount: 1_250_000, currency: "USD" },
      margin_floor_percent: 0,
      regulated_items: ["R-410A", "R-32"],
    });
  });

  it("is null for what may be null and is emptied, and nothing of its kind for a list", () => {
    const emptied = given(dispute, {
      auto_writeoff_below: { number: "", of: "USD" },
      evidence_by_reason: [],
    });
    expect(emptied).toEqual({ told: { auto_writeoff_below: null, evidence_by_reason: {} }, wrong: [] });
    expect(given(onboarding, { sanction_codes: "" }).told).toEqual({ sanction_codes: [] });
  });

  it("is needed where the template cannot do without", () => {
    expect(given(onboarding, { terms_default: " " }).wrong).toEqual([
      { pointer: "/terms_default", detail: en.formWrong.needed },
    ]);
    expect(given(release, { credit_tolerance_percent: "101" }).wrong).toEqual([
      { pointer: "/credit_tolerance_percent", detail: en.formWrong.most(100) },
    ]);
  });

  it("keeps objects of names that people give, one line each", () => {
    const rule = fieldOf(dispute, "window_by_customer").rule;
    expect(kindOf(rule)).toBe("entries");
    const lines = ["1001", "ACME", "ACME"].map((key, at) => ({
      key: at,
      drafts: new Map<string, Draft>([
        ["key", key],
        ["value", `${30 + at}`],
      ]),
    }));
    expect(given(dispute, { window_by_customer: lines.slice(0, 2) }).told).toEqual({
      window_by_customer: { 1001: 30, ACME: 31 },
    });
    expect(given(dispute, { window_by_customer: lines }).wrong).toEqual([
      { pointer: "/window_by_customer/2/key", detail: en.formWrong.twice },
    ]);
  });

  it("keeps what an object of an object holds, as it came", () => {
    const drafts = draftsOf([fieldOf(dispute, "evidence_by_reason")], dispute.values);
    const rows = rowsOf(drafts.get("evidence_by_reason"));
    expect(rows).toHaveLength(10);
    expect(given(dispute, { evidence_by_reason: rows.slice(0, 1) }).told).toEqual({
      evidence_by_reason: { price: { agreement: "Price agreement", invoice: "Invoice" } },
    });
  });

  it("keeps a group of fields together, and leaves out one that nobody filled in", () => {
    const [group] = rowsOf(
      draftsOf([fieldOf(backorder, "proposal_within")], backorder.values).get("proposal_within"),
    );
    if (!group) throw new Error("no group");
    const later = [{ ...group, drafts: new Map(group.drafts).set("a", "PT2H") }];
    expect(given(backorder, { proposal_within: later }).told).toEqual({
      proposal_within: { a: "PT2H", others: "P1D" },
    });
    const half = [{ key: 1, drafts: new Map<string, Draft>([["name", "Example Freight"]]) }];
    expect(given(delivery, { carrier_contact: half }).wrong).toEqual([
      { pointer: "/carrier_contact/email", detail: en.formWrong.needed },
    ]);
  });

  it("takes money in whole units, whatever is said to who writes JSON", () => {
    const field = fieldOf(release, "max_order_value");
    expect(kindOf(field.rule)).toBe("money");
    expect(field.rule.description).toBe("Orders above it are held. Empty sets no limit.");
    expect(fieldOf(release, "margin_floor_percent").rule.description).toMatch(/; empty: none is\.$/);
    expect(fieldOf(release, "decide_within").rule.description).toMatch(/Default: PT2H\.$/);
    expect(field.is_required).toBe(false);
    const limit = draftsOf([fieldOf(onboarding, "auto_credit_limit")], onboarding.values).get(
      "auto_credit_limit",
    );
    expect(isPair(limit) && limit.number).toBe("5000.00");
  });

  it("offers choices in words, and keeps what they stand for", () => {
    const rule = fieldOf(backorder, "fill_policy_default").rule;
    expect(rule.oneOf?.[0]).toEqual({ const: "order-complete", title: "Order complete" });
    expect(given(backorder, { fill_policy_default: "no-backorder" }).told).toEqual({
      fill_policy_default: "no-backorder",
    });
    expect(fieldOf(release, "credit_tolerance_percent").unit).toBe("%");
    expect(fieldOf(delivery, "grace_days").unit).toBe("days");
    expect(fieldOf(backorder, "expedite_max_pct_of_margin").unit).toBe("%");
    expect(fieldOf(delivery, "calendar").look_up?.capability).toBe("calendars");
    expect(fieldOf(backorder, "warehouse_default").look_up?.record).toBe("warehouse");
    expect(fieldOf(backorder, "auto_transfer").look_up).toBeNull();
  });

  it("says in the reader's language what a number is counted in, as the schema has it, and guesses nothing", () => {
    const unitIn = (texts: typeof en | typeof es, name: string, version: string, field: string) =>
      fieldOf(parametersForm(schemaOf(name, version), [], { ...words, units: texts.parameterUnits }), field)
        .unit;
    expect(unitIn(en, "order-release", "1.2.0", "warn_before_hours")).toBe("hours of business time");
    expect(unitIn(es, "order-release", "1.2.0", "warn_before_hours")).toBe("horas laborables");
    expect(unitIn(es, "proof-of-delivery", "1.0.0", "grace_days")).toBe("días");
    expect(unitIn(es, "proof-of-delivery", "1.0.0", "carrier_chase_schedule")).toBe("horas");
    expect(fieldOf(delivery, "geo_radius_m").unit).toBe("m");
    expect(fieldOf(backorder, "transfer_cost").unit).toBe("minor units, such as cents");
    expect(fieldOf(dispute, "window_by_customer").rule.additionalProperties?.unit).toBe("days");
    const properties = {
      rest_days: { type: "integer" },
      warehouse: { type: "string" },
      calendar: { type: "string" },
      rebate_percent: { type: "number" },
      crates: { type: "integer", "x-unit": "XCR" },
    };
    const view = parametersForm({ type: "object", properties }, [], words);
    expect(view.sections[0]?.fields.map(one => [one.unit, one.look_up])).toEqual([
      [null, null],
      [null, null],
      [null, null],
      [null, null],
      ["XCR", null],
    ]);
  });

  it("looks up a part of a line, too", () => {
    const line = fieldOf(onboarding, "route_assignment_rules").rule.items?.properties;
    expect(line?.warehouse?.look_up).toEqual({ record: "warehouse", capability: null });
    expect(line?.route?.look_up?.record).toBe("route");
    expect(line?.region?.look_up).toBeUndefined();
  });

  it("looks up what a schema says is looked up, where that is a text", () => {
    const properties = {
      from: { type: "string", "x-look-up": "location" },
      shifts: { type: "string", "x-look-up": "calendar" },
      customers: { type: "array", items: { type: "string" }, "x-look-up": "customer" },
      warehouse: { enum: ["north", "south"] },
    };
    const view = parametersForm({ type: "object", properties }, [], words);
    expect(view.sections[0]?.fields.map(one => one.look_up)).toEqual([
      { record: "location", capability: null },
      { record: null, capability: "calendars" },
      null,
      null,
    ]);
  });
});

it("begins with what is inherited, and says where that comes from", () => {
  const above = [{ name: "credit_tolerance_percent", value: 7, level: "client" as const }];
  const view = parametersForm(schemaOf("order-release", "1.2.0"), above, words);
  expect(fieldOf(view, "credit_tolerance_percent").rule.description).toContain("From the client.");
  expect(given(view).told).toEqual({});
  expect(given(view, { credit_tolerance_percent: "0" }).told).toEqual({ credit_tolerance_percent: 0 });
});

it("sorts what the server found wrong by what it is about", () => {
  const errors = [
    { pointer: "/parameters/decide_within", detail: "no duration" },
    { pointer: "/bindings/erp", detail: "disabled" },
    { pointer: "/bindings", detail: "`wms` is not bound" },
  ];
  expect(sorted(errors)).toEqual({
    parameters: [{ pointer: "/decide_within", detail: "no duration" }],
    bindings: [{ pointer: "/erp", detail: "disabled" }],
    rest: [{ pointer: "/bindings", detail: "`wms` is not bound" }],
  });
});
