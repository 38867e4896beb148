import { api, body, type Schemas } from "./client";

export type JournalLine = Schemas["JournalLine"];
type Page = Schemas["Journal"];

const PAGE = 200;
/** A journal is shown up to here; longer ones say so. */
export const MOST_LINES = 5_000;

/** What was read of a journal. */
export interface Journal {
  lines: JournalLine[];
  /** Where its last page begins: the lines before that one, and how to come there. */
  before: number;
  cursor: string | null;
  /** Whether there are more lines than are read. */
  cut: boolean;
}

const NOTHING: Journal = { lines: [], before: 0, cursor: null, cut: false };

type Read = (cursor: string | null) => Promise<Page>;

/** Read on from the last page that is known: only that one may have grown. */
export async function readOn(known: Journal | undefined, read: Read): Promise<Journal> {
  let { lines, before, cursor } = known ?? NOTHING;
  if (known?.cut) return known;
  lines = lines.slice(0, before);
  for (;;) {
    const page = await read(cursor);
    lines.push(...page.items);
    if (!page.next) return { lines, before, cursor, cut: false };
    if (lines.length >= MOST_LINES) return { lines, before, cursor, cut: true };
    before = lines.length;
    cursor = page.next;
  }
}

export function pagesOf(run: string, headers: () => Record<string, string>): Read {
  return cursor =>
    body(
      api.GET("/v1/runs/{run}/journal", {
        params: { path: { run }, query: { limit: PAGE, ...(cursor ? { cursor } : {}) } },
        headers: headers(),
      }),
    );
}
