import type { Field, FormView, Rule } from "./view";

const PART = "urn:record-schema:parts:1#/$defs/";

/** A field that may be written, unless it says otherwise. */
export const field = (name: string, rule: Rule, more: Partial<Field> = {}): Field => ({
  name,
  rule: { title: name, ...rule },
  is_writable: true,
  is_required: false,
  required_for: [],
  unit: null,
  look_up: null,
  ...more,
});

/** Every kind of field, with a name that is long and one that every object has. */
export const RELEASE: FormView = {
  title: "Release a credit hold",
  description: "The order waits until somebody decides.",
  sections: [
    {
      title: "Decision",
      fields: [
        field(
          "decision",
          {
            type: "string",
            title: "Decision",
            oneOf: [
              { const: "once", title: "This order only" },
              { const: "limit", title: "Raise the limit" },
            ],
          },
          { is_required: true },
        ),
        field("limit", { $ref: `${PART}unsigned_money`, title: "New limit", description: "In all." }),
        field("until", { $ref: `${PART}day`, title: "Valid until" }),
        field("days", { type: "integer", title: "Days of grace", minimum: 0, maximum: 90 }, { unit: "days" }),
        field("reason", { $ref: `${PART}note`, title: "Reason" }, { required_for: ["reject"] }),
        field("seen", { type: "boolean", title: "I have read the statement", const: true }),
        field("call", { $ref: `${PART}instant`, title: "Call the customer at" }),
      ],
    },
    {
      title: "Background",
      fields: [
        field("score", { type: "number", title: "Score of the bureau" }, { is_writable: false }),
        field("open", { $ref: `${PART}money`, title: "Open items" }, { is_writable: false }),
        field("constructor", { type: "string", title: "A name that every object has", maxLength: 40 }),
        field("tags", { type: "array", title: "Tags", items: { type: "string", enum: ["new", "late"] } }),
        field("codes", { type: "array", title: "Codes", items: { type: "integer" } }),
        field("proofs", { type: "array", title: "Proofs", items: { type: "string", format: "document" } }),
        field("share", { $ref: `${PART}percent`, title: "Share" }),
        field("rating", { type: "integer", title: "Rating", enum: [1, 2, 3] }),
        field("lines", {
          type: "array",
          title:
            "Lines that are shipped although the credit of the customer is used up and nobody has answered",
          items: {
            type: "object",
            required: ["sku"],
            properties: {
              sku: { type: "string", title: "Item" },
              quantity: { $ref: `${PART}quantity`, title: "Quantity" },
            },
          },
        }),
      ],
    },
  ],
  values: {
    score: 71.5,
    open: { amount: 1_250_000, currency: "USD" },
    limit: { amount: 500_000, currency: "USD" },
    lines: [{ sku: "A-1", quantity: { value: "2", unit: "EA" } }],
  },
};
