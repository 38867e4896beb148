import { expect, it } from "vitest";
import { blocksOf, spansOf } from "./markdown";

it("reads what pages of templates have: headings, prose over lines, tables, lists and code", () => {
  const text = [
    "# Order release",
    "",
    "An order",
    "arrives **once**.",
    "",
    "| step | what |",
    "| --- | --- |",
    "| ask | `a | b`, or \\| |",
    "",
    "- one",
    "  and more",
    "- two",
    "```json",
    "{ }",
    "```",
  ].join("\n");
  expect(blocksOf(text)).toEqual([
    { kind: "heading", level: 1, spans: [{ kind: "text", text: "Order release" }] },
    {
      kind: "paragraph",
      spans: [
        { kind: "text", text: "An order arrives " },
        { kind: "strong", text: "once" },
        { kind: "text", text: "." },
      ],
    },
    {
      kind: "table",
      head: [[{ kind: "text", text: "step" }], [{ kind: "text", text: "what" }]],
      rows: [
        [
          [{ kind: "text", text: "ask" }],
          [
            { kind: "code", text: "a | b" },
            { kind: "text", text: ", or |" },
          ],
        ],
      ],
    },
    {
      kind: "list",
      numbered: false,
      items: [[{ kind: "text", text: "one and more" }], [{ kind: "text", text: "two" }]],
    },
    { kind: "code", text: "{ }" },
  ]);
});

it("makes no markup of what stands in a text, and keeps of a link what it is called", () => {
  expect(spansOf("<b>x</b> [a runbook](javascript:alert(1)) `[y](z)`")).toEqual([
    { kind: "text", text: "<b>x</b> a runbook) " },
    { kind: "code", text: "[y](z)" },
  ]);
});

it("ends whatever it is given", () => {
  for (const text of ["```", "|", "#", "-", "1.", "**", "`", "| a", "\n\n", "    x"]) blocksOf(text);
  expect(blocksOf("")).toEqual([]);
});
