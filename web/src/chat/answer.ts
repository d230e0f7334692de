/**
 * What an answer is made of. The server sends plain text in which a table's row is a line `이름: 값 / 이름: 값`, an
 * item begins with `- ` and a line `[제목]` opens a part. What fits none of these stays text, so nothing is ever lost.
 */
export type Block =
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "table"; readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }
  /** A row that stands alone: each column's name and what it says. */
  | { readonly kind: "pairs"; readonly pairs: readonly Cell[] };

export interface Cell {
  readonly name: string;
  readonly value: string;
}

/** A piece of a line; a phone number is the only thing that becomes a link. */
export type Span = { readonly kind: "text"; readonly text: string } | { readonly kind: "phone"; readonly text: string };

const ITEM = "- ";
const CELL_GLUE = " / ";
const NAME_GLUE = ": ";
/** A longer "name" is a sentence with a colon in it. */
const NAME_CHARS_MAX = 40;
/** What stands in a sentence and in no column's name. */
const SENTENCE = /니다|세요/;
/** `[이체 > 이체한도 관리]` is a way through the app's menus, not a heading. */
const HEADING = /^\[([^[\]>]{1,60})\]$/;

export function blocksOf(text: string): Block[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const rows = rowsAt(lines, at);
    const opensPart = (lines[at - 1] ?? "") === "" && (lines[at + 1] ?? "") !== "";
    const heading = opensPart ? HEADING.exec(line)?.[1] : undefined;
    if (line === "") {
      at += 1;
    } else if (heading !== undefined) {
      blocks.push({ kind: "heading", text: heading });
      at += 1;
    } else if (rows.length > 0) {
      blocks.push(tableOf(rows));
      at += rows.length;
    } else if (line.startsWith(ITEM)) {
      const items = run(lines, at, (item) => item.startsWith(ITEM));
      blocks.push({ kind: "list", items: items.map((item) => item.slice(ITEM.length).trim()) });
      at += items.length;
    } else {
      let end = at + 1;
      while (end < lines.length && isText(lines, end)) end += 1;
      blocks.push({ kind: "paragraph", text: lines.slice(at, end).join("\n") });
      at = end;
    }
  }
  return blocks;
}

/**
 * The part of a text still being written that will not change its form any more: what may become a row or a heading is held back
 * until its line is complete, so that nothing is shown as text first and as a table a moment later. A sentence and an item are
 * what they are as soon as that is seen; the next line may be seconds away.
 */
export function settled(text: string): string {
  const lineStart = text.lastIndexOf("\n") + 1;
  const line = text.slice(lineStart);
  if (line === "") return text;
  const colon = line.indexOf(NAME_GLUE);
  const isItem = line.startsWith(ITEM) && line.length > ITEM.length;
  const mayBecomeRow = !isItem && (colon === -1 ? lineStart > 0 && line.length <= NAME_CHARS_MAX && !SENTENCE.test(line) : isName(line.slice(0, colon)));
  const mayBecomeOther = ITEM.startsWith(line) || line.startsWith("[");
  return mayBecomeRow || mayBecomeOther ? text.slice(0, lineStart).trimEnd() : text;
}

/**
 * The bank's numbers as they are printed: 1588-0000, 02-123-4567, 070-1234-5678; 112 and 1332 only behind the name of
 * who answers there, since "112" may as well be a count.
 */
const PHONE =
  /(^|[^\d-])((?:1[568]\d{2}-\d{4}|(?:02|0(?:3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80))-\d{3,4}-\d{4})(?![\d-]))|((?:경찰청?|경찰서|금융감독원|금감원|국번 ?없이)(?: ?\(| )?)(112|1332)(?![\d,.-]*\d|[만억천원건명회조개])/g;

export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const match of text.matchAll(PHONE)) {
    const before = match[1] ?? match[3] ?? "";
    const number = match[2] ?? match[4] ?? "";
    const start = match.index + before.length;
    if (start > end) spans.push({ kind: "text", text: text.slice(end, start) });
    spans.push({ kind: "phone", text: number });
    end = start + number.length;
  }
  if (end < text.length) spans.push({ kind: "text", text: text.slice(end) });
  return spans;
}

/** As it is read out: a way through the app's menus has steps, and none is greater than the next. */
export function aloud(text: string): string {
  return text.replaceAll(" > ", ", ");
}

const BEGINNING_CHARS = 20;

/** Enough of an answer to tell it from the others. */
export function beginningOf(text: string): string {
  const words = Array.from(text.trim().replace(/\s+/g, " "));
  return words.length <= BEGINNING_CHARS ? words.join("") : `${words.slice(0, BEGINNING_CHARS).join("").trimEnd()}…`;
}

// ---------------------------------------------------------------------------------------------------

function isText(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? "";
  return line !== "" && !line.startsWith(ITEM) && rowsAt(lines, at).length === 0;
}

/** The rows of one table from this line on; none if this is no row. */
function rowsAt(lines: readonly string[], at: number): Cell[][] {
  const rows: Cell[][] = [];
  let columns: readonly string[] = [];
  for (const line of lines.slice(at)) {
    const cells = cellsOf(line);
    if (cells === null) break;
    const joined = joinColumns(columns, cells.map((cell) => cell.name));
    if (joined === null) break;
    columns = joined;
    rows.push(cells);
  }
  // One column alone is a sentence with a colon, unless it belongs to a table that has more.
  return columns.length > 1 ? rows : [];
}

/** The cells of a row, or null for a line that is none. A value may hold the glue itself (`10,000원 / 건`). */
function cellsOf(line: string): Cell[] | null {
  if (line.startsWith(ITEM)) return null;
  const cells: { name: string; value: string }[] = [];
  for (const part of line.split(CELL_GLUE)) {
    const colon = part.indexOf(NAME_GLUE);
    const name = part.slice(0, Math.max(colon, 0)).trim();
    const last = cells.at(-1);
    if (colon > 0 && isName(name)) cells.push({ name, value: part.slice(colon + NAME_GLUE.length).trim() });
    else if (last === undefined) return null;
    else last.value += CELL_GLUE + part;
  }
  const names = new Set(cells.map((cell) => cell.name));
  return names.size === cells.length ? cells : null;
}

function isName(text: string): boolean {
  return text.length <= NAME_CHARS_MAX && !SENTENCE.test(text) && !/[.?!]$/.test(text);
}

/** The columns of both, in order. Empty cells are left out of a row, so one may lack what the other has; null if they are of two tables. */
function joinColumns(known: readonly string[], names: readonly string[]): readonly string[] | null {
  if (known.length === 0) return names;
  if (known[0] !== names[0]) return null;
  if (isWithin(names, known)) return known;
  return isWithin(known, names) ? names : null;
}

function isWithin(some: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const name of all) if (name === some[at]) at += 1;
  return at === some.length;
}

function tableOf(rows: readonly (readonly Cell[])[]): Block {
  const [first = []] = rows;
  if (rows.length === 1) return { kind: "pairs", pairs: first };
  const header = rows.reduce((widest: readonly string[], row) => (row.length > widest.length ? row.map((cell) => cell.name) : widest), []);
  const inColumns = (row: readonly Cell[]) => header.map((name) => row.find((cell) => cell.name === name)?.value ?? "");
  return { kind: "table", header, rows: rows.map(inColumns) };
}

function run(lines: readonly string[], from: number, fits: (line: string) => boolean): string[] {
  const end = lines.findIndex((line, at) => at >= from && !fits(line));
  return lines.slice(from, end === -1 ? undefined : end);
}
