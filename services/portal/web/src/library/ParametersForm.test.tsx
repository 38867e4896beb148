import { readdirSync, readFileSync } from "node:fs";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it, vi } from "vitest";
import type { Wrong } from "../form/view";
import { parametersForm } from "./parameters";

// What a browser has and this place has not.
vi.stubGlobal("navigator", { languages: ["en"] });
vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
const { TextsProvider } = await import("../texts/texts");
const { Form } = await import("../form/Form");
const { default: en } = await import("../texts/en");

const SHIPPED = new URL("../../../../../template_library/templates/", import.meta.url);
const words = {
  parameterDefault: en.parameterDefault,
  parameterFrom: en.inheritedFrom,
  units: en.parameterUnits,
};
const packages = readdirSync(SHIPPED).flatMap(name =>
  readdirSync(new URL(`${name}/`, SHIPPED)).map(version => `${name}/${version}`),
);

function shown(path: string, refused: readonly Wrong[] = []): string {
  return shownOf(
    JSON.parse(readFileSync(new URL(`${path}/parameters.schema.json`, SHIPPED), "utf8")),
    refused,
  );
}

function shownOf(raw: unknown, refused: readonly Wrong[] = []): string {
  return renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider>
        <TextsProvider>
          <Form
            view={parametersForm(raw, [], words)}
            acts={[{ outcome: "deploy", label: "Deploy to Test" }]}
            refused={refused}
            busy={null}
            onAnswer={() => undefined}
          />
        </TextsProvider>
      </MantineProvider>
    </QueryClientProvider>,
  );
}

it.each(packages)("names every input of %s, each by an id of its own", path => {
  const page = shown(path);
  const labelled = new Set([...page.matchAll(/<label[^>]*for="([^"]+)"/g)].map(([, id]) => id));
  const inputs = [...page.matchAll(/<(?:input|select|textarea)\b[^>]*>/g)].map(([tag]) => tag);
  const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
  expect(inputs.length).toBeGreaterThan(2);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  for (const tag of inputs) {
    const id = /\bid="([^"]+)"/.exec(tag)?.[1] ?? "";
    expect(labelled.has(id) || /aria-label="[^"]+"/.test(tag), tag).toBe(true);
  }
});

it("says at the field what the server refused, also of a part that has no input of its own", () => {
  const page = shown("backorder-resolution/1.0.0", [
    { pointer: "/customer_notify/language", detail: "EN is no language" },
    { pointer: "/no_substitutes/2", detail: "an item is empty" },
  ]);
  expect(page.match(/EN is no language/g)).toHaveLength(2);
  expect(page.match(/an item is empty/g)).toHaveLength(2);
  expect(page).toContain("Mails to the customer, Language");
  const dispute = shown("invoice-dispute/1.0.0", [
    { pointer: "/window_by_customer/ACME-001", detail: "0 is less than 1" },
  ]);
  expect(dispute.match(/0 is less than 1/g)).toHaveLength(2);
});

it("shows units and look-ups of parts of a line as of a field", () => {
  const known = { type: "string", "x-look-up": "warehouse" };
  const lines = {
    type: "array",
    items: { type: "object", properties: { from: known } },
    default: [{ from: "N" }],
  };
  const group = {
    type: "object",
    properties: { wait: { type: "integer", "x-unit": "days" } },
    default: { wait: 1 },
  };
  const page = shownOf({ type: "object", properties: { lines, group } });
  expect(page).toMatch(/<input[^>]*role="combobox"[^>]*value="N"/);
  expect(page).toContain("Wait (days, optional)");
});
