import { expect, test } from "vitest";
import { contentOf, formOf } from "./files";

test("a file's form is what people call it", () => {
  expect(["application/pdf", "text/csv", "text/plain", "image/jpeg"].map(formOf)).toEqual([
    "PDF",
    "CSV",
    "TXT",
    "JPEG",
  ]);
  expect(formOf("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")).toBe("XLSX");
});

test("a file is saved from below its entity, and where it has none from below its run", () => {
  expect(contentOf("doc_1", { entity: "ety_1", run: "run_1" })).toBe(
    "/v1/entities/ety_1/documents/doc_1/content",
  );
  expect(contentOf("doc_1", { entity: null, run: "run_1" })).toBe("/v1/runs/run_1/documents/doc_1/content");
});
