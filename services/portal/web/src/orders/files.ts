const FORMS: Record<string, string> = {
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
  "text/plain": "TXT",
};

/** `application/pdf` → `PDF`: what people call the form of a file. */
export function formOf(mediaType: string): string {
  return FORMS[mediaType] ?? mediaType.slice(mediaType.indexOf("/") + 1).toUpperCase();
}

/** Where a document's file is saved from: below the entity or the run that it is a document of. */
export function contentOf(id: string, of: { entity?: string | null; run?: string | null }): string {
  const home = of.entity ? `entities/${of.entity}` : `runs/${of.run}`;
  return `/v1/${home}/documents/${id}/content`;
}
