import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it, vi } from "vitest";
import type { FormView, Wrong } from "./view";

// What a browser has and this place has not.
vi.stubGlobal("navigator", { languages: ["en"] });
vi.stubGlobal("localStorage", { getItem: () => "en", setItem: () => undefined });
const { TextsProvider } = await import("../texts/texts");
const { Form } = await import("./Form");
const { RELEASE } = await import("./sample");

function shown(refused: readonly Wrong[] = [], view: FormView = RELEASE): string {
  return renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider>
        <TextsProvider>
          <Form
            view={view}
            acts={[
              { outcome: "approve", label: "Release" },
              { outcome: "reject", label: "Keep on hold" },
            ]}
            refused={refused}
            busy={null}
            onAnswer={() => undefined}
          />
        </TextsProvider>
      </MantineProvider>
    </QueryClientProvider>,
  );
}

it("shows every field with its label, and as a fact what may not be written", () => {
  const page = shown();
  for (const one of RELEASE.sections.flatMap(section => section.fields))
    expect(page).toContain(one.rule.title);
  expect(page).toContain("$12,500.00");
  expect(page).not.toContain('value="71.5"');
  expect(page).toContain('value="5000.00"');
  expect(page.match(/type="submit"/g)).toHaveLength(1);
  expect(page).not.toContain('role="alert"');
});

it("names every input: by a label of its own, or within a group that has a name", () => {
  const page = shown();
  const labelled = new Set([...page.matchAll(/<label[^>]*for="([^"]+)"/g)].map(([, id]) => id));
  const inputs = [...page.matchAll(/<(?:input|select|textarea)\b[^>]*>/g)].map(([tag]) => tag);
  expect(inputs.length).toBeGreaterThan(15);
  for (const tag of inputs) {
    const id = /\bid="([^"]+)"/.exec(tag)?.[1] ?? "";
    expect(labelled.has(id) || /aria-label="[^"]+"/.test(tag), tag).toBe(true);
  }
});

it("says what the server refused at the field and above all, and shows no markup that came with it", () => {
  const page = shown([
    { pointer: "/days", detail: "91 is more than <b>90</b>" },
    { pointer: "/nowhere", detail: "The form has no such field" },
  ]);
  expect(page.match(/91 is more than &lt;b&gt;90&lt;\/b&gt;/g)).toHaveLength(2);
  expect(page).toContain("2 things are to be put right");
  expect(page).toMatch(/The form: The form has no such field/);
  expect(page).toMatch(/aria-invalid="true"/);
});

it("gives no browser a pattern to match", () => {
  expect(shown()).not.toContain("pattern=");
});

it("tells who hears the page that a group is needed, and hands the page nothing that it does not know", () => {
  const told = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const sections = RELEASE.sections.map(one => ({
    ...one,
    fields: one.fields.map(field => ({ ...field, is_required: ["limit", "tags"].includes(field.name) })),
  }));
  const page = shown([], { ...RELEASE, sections });
  expect(told).not.toHaveBeenCalled();
  told.mockRestore();
  expect(page.match(/, needed</g)).toHaveLength(2);
  expect(
    page.match(
      /aria-label="(?:Amount|Currency)" aria-required="true"|aria-required="true"[^>]*aria-label="(?:Amount|Currency)"/g,
    ),
  ).toHaveLength(2);
});
