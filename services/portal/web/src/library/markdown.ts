/** The part of Markdown that the pages of templates use, as data: no text of theirs becomes markup. */

export type Span = { kind: "text" | "code" | "strong"; text: string };

export type Block =
  | { kind: "heading"; level: number; spans: Span[] }
  | { kind: "paragraph"; spans: Span[] }
  | { kind: "code"; text: string }
  | { kind: "list"; numbered: boolean; items: Span[][] }
  | { kind: "table"; head: Span[][]; rows: Span[][][] };

const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*(?:[-*]|(\d+)\.)\s+(.*)$/;
const FENCE = /^```/;
const ROW = /^\s*\|/;

export function blocksOf(text: string): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  const take = (belongs: (line: string) => boolean): string[] => {
    const from = at;
    while (at < lines.length && belongs(lines[at] ?? "")) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const heading = HEADING.exec(line);
    if (line.trim() === "") at += 1;
    else if (heading) {
      at += 1;
      blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, spans: spansOf(heading[2] ?? "") });
    } else if (FENCE.test(line)) {
      at += 1;
      blocks.push({ kind: "code", text: take(one => !FENCE.test(one)).join("\n") });
      at += 1;
    } else if (ROW.test(line)) blocks.push(tableOf(take(one => ROW.test(one))));
    else if (ITEM.test(line)) blocks.push(listOf(take(one => ITEM.test(one) || /^\s+\S/.test(one))));
    else blocks.push({ kind: "paragraph", spans: spansOf(take(isProse).join(" ")) });
  }
  return blocks;
}

const isProse = (line: string): boolean =>
  line.trim() !== "" && ![HEADING, FENCE, ROW, ITEM].some(one => one.test(line));

function listOf(lines: readonly string[]): Block {
  const items: string[] = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item) items.push(item[2] ?? "");
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return { kind: "list", numbered: /^\s*\d/.test(lines[0] ?? ""), items: items.map(spansOf) };
}

function tableOf(lines: readonly string[]): Block {
  const [head = [], ...rows] = lines.filter(line => !/^[\s|:-]+$/.test(line)).map(cellsOf);
  return { kind: "table", head, rows };
}

/** An escaped bar is none, and neither is one in code. */
function cellsOf(line: string): Span[][] {
  const inner = line.trim().replace(/^\||\|$/g, "");
  const cells = inner.match(/(?:`[^`]*`|\\\||[^|])+/g) ?? [];
  return cells.map(cell => spansOf(cell.replaceAll("\\|", "|").trim()));
}

/** Links lead into folders that are not here: what they are called stays. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  const plain = text.replace(
    /(`[^`]*`)|!?\[([^\]]*)\]\([^)]*\)/g,
    (_, code?: string, name?: string) => code ?? name ?? "",
  );
  let last = 0;
  for (const found of plain.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*/g)) {
    if (found.index > last) spans.push({ kind: "text", text: plain.slice(last, found.index) });
    const [, code, strong] = found;
    spans.push(code === undefined ? { kind: "strong", text: strong ?? "" } : { kind: "code", text: code });
    last = found.index + found[0].length;
  }
  if (last < plain.length) spans.push({ kind: "text", text: plain.slice(last) });
  return spans;
}
