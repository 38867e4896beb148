import { expect, it } from "vitest";
import { type JournalLine, MOST_LINES, readOn } from "./journal";

const PAGE = 200;

/** A journal of so many lines, and the cursors that were asked for. */
function journal(length: () => number) {
  const asked: (string | null)[] = [];
  const read = async (cursor: string | null) => {
    asked.push(cursor);
    const from = Number(cursor ?? 0);
    const to = Math.min(length(), from + PAGE);
    const items = Array.from({ length: to - from }, (_, at) => ({ seq: from + at }) as JournalLine);
    return { items, next: to < length() ? `${to}` : null };
  };
  return { asked, read };
}

it("reads on from its last page when it grows", async () => {
  let length = 450;
  const { asked, read } = journal(() => length);
  const first = await readOn(undefined, read);
  expect(asked.splice(0)).toEqual([null, "200", "400"]);
  length = 650;
  const next = await readOn(first, read);
  expect(asked.splice(0)).toEqual(["400", "600"]);
  expect(next.lines.map(line => line.seq)).toEqual(Array.from({ length }, (_, seq) => seq));
  expect(next.cut).toBe(false);
  length = 655;
  expect((await readOn(next, read)).lines).toHaveLength(length);
  expect(asked).toEqual(["600"]);
});

it("ends somewhere, says so, and does not read on then", async () => {
  const { asked, read } = journal(() => MOST_LINES + 1);
  const found = await readOn(undefined, read);
  expect(found).toMatchObject({ cut: true });
  expect(found.lines).toHaveLength(MOST_LINES);
  asked.length = 0;
  expect(await readOn(found, read)).toBe(found);
  expect(asked).toEqual([]);
});
