/** What an answer cites, and where that stands in the document: no React, no network, tested by table. */
import type { KnowledgeDocument, Source } from "../api/client";
import type { Block } from "./answer";

/** One place of one document, however many of its passages were quoted. */
export interface Citation {
  readonly documentId: string;
  readonly title: string;
  readonly section: string;
  readonly page: number;
  readonly excerpts: readonly string[];
}

export type DocumentBlock =
  | Exclude<Block, { kind: "heading" | "pairs" }>
  | { readonly kind: "faq"; readonly question: string; readonly answer: string };

export type Section = KnowledgeDocument["sections"][number];

export function citationsOf(sources: readonly Source[]): Citation[] {
  const byPlace = new Map<string, Citation>();
  for (const { document_id: documentId, title, section, page, excerpt } of sources) {
    const place = JSON.stringify([documentId, section, page]);
    const excerpts = [...(byPlace.get(place)?.excerpts ?? []), excerpt];
    byPlace.set(place, { documentId, title, section, page, excerpts });
  }
  return Array.from(byPlace.values());
}

/** The section's blocks; of an older server, which sends lines alone, what the lines show of them. */
export function blocksOfSection(section: Section): readonly DocumentBlock[] {
  return section.blocks.length > 0 ? section.blocks : blocksOfLines(section.lines);
}

/** The index of the section that is cited; -1 if the document has changed since. */
export function citedSection(sections: readonly Section[], citation: Citation): number {
  const exact = sections.findIndex(({ heading, page }) => heading === citation.section && page === citation.page);
  return exact === -1 ? sections.findIndex(({ heading }) => heading === citation.section) : exact;
}

/** The lines quoted, as they stand in the document. */
export function citedLines(citation: Citation): string[] {
  const lines = citation.excerpts.flatMap((excerpt) => excerpt.split("\n"));
  return lines.map((line) => line.trim().replace(/^- /, "")).filter((line) => line !== "");
}

export interface Passage {
  readonly text: string;
  readonly isCited: boolean;
}

/** The text in pieces, cited and not. */
export function passagesOf(text: string, cited: readonly string[]): Passage[] {
  if (cited.some((line) => line.includes(text))) return [{ text, isCited: true }];
  const quoted = cited.map((line) => ({ from: text.indexOf(line), to: text.indexOf(line) + line.length }));
  const marks = quoted.filter(({ from }) => from !== -1).sort((a, b) => a.from - b.from);
  const passages: Passage[] = [];
  let end = 0;
  for (const { from, to } of marks) {
    if (to <= end) continue;
    if (from > end) passages.push({ text: text.slice(end, from), isCited: false });
    passages.push({ text: text.slice(Math.max(from, end), to), isCited: true });
    end = to;
  }
  if (end < text.length) passages.push({ text: text.slice(end), isCited: false });
  return passages;
}

/** Answers quote a row as `이름: 값 / 이름: 값`, without its empty cells; a remark over the whole width as it is. */
export function isRowCited(header: readonly string[], row: readonly string[], cited: readonly string[]): boolean {
  const cells = row.flatMap((cell, at) => {
    const name = header[at] ?? "";
    if (cell === "") return [];
    return [name === "" ? cell : `${name}: ${cell}`];
  });
  const others = row.slice(1).every((cell) => cell === "");
  return cited.includes(cells.join(" / ")) || (others && cited.includes(row[0] ?? ""));
}

const COLUMN_GLUE = " | ";

function blocksOfLines(lines: readonly string[]): DocumentBlock[] {
  const blocks: DocumentBlock[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const columns = line.split(COLUMN_GLUE);
    let end = at + 1;
    while (columns.length > 1 && lines[end]?.split(COLUMN_GLUE).length === columns.length) end += 1;
    if (end - at > 1) blocks.push({ kind: "table", header: columns, rows: lines.slice(at + 1, end).map((row) => row.split(COLUMN_GLUE)) });
    else blocks.push({ kind: "paragraph", text: line });
    at = end;
  }
  return blocks;
}
