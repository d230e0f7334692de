import { describe, expect, it } from "vitest";
import type { Source } from "../api/client";
import { blocksOfSection, type Citation, citationsOf, citedLines, citedSection, isRowCited, passagesOf } from "./citation";

function source(fields: Partial<Source>): Source {
  return { document_id: "fees", title: "수수료 안내", section: "이체", page: 1, excerpt: "없습니다.", score: 0.9, source: "fees.md", ...fields };
}

const citation: Citation = { documentId: "fees", title: "수수료 안내", section: "이체", page: 2, excerpts: ["- 앱: 무료\n\n- 창구: 500원", "끝."] };

it("cites each place once", () => {
  const cited = citationsOf([source({}), source({ excerpt: "있습니다." }), source({ page: 2 })]);
  expect(cited.map(({ page, excerpts }) => [page, excerpts])).toEqual([
    [1, ["없습니다.", "있습니다."]],
    [2, ["없습니다."]],
  ]);
});

it("reads the quoted lines without their marks", () => {
  expect(citedLines(citation)).toEqual(["앱: 무료", "창구: 500원", "끝."]);
});

it.each<[string, [string, number][], number]>([
  ["the same heading on the same page", [["이체", 1], ["이체", 2]], 1],
  ["the same heading elsewhere", [["출금", 2], ["이체", 4]], 1],
  ["nowhere", [["출금", 2]], -1],
])("finds the section: %s", (_case, sections, at) => {
  expect(citedSection(sections.map(([heading, page]) => ({ heading, page, lines: [], blocks: [] })), citation)).toBe(at);
});

describe("passagesOf", () => {
  it.each<[string, string, string[], string[]]>([
    ["nothing cited", "하나. 둘.", [], ["하나. 둘."]],
    ["a sentence within", "하나. 둘. 셋.", ["둘."], ["하나. ", "*둘.", " 셋."]],
    ["all of it", "하나.", ["앞. 하나. 뒤."], ["*하나."]],
    ["two that overlap", "하나. 둘. 셋.", ["하나. 둘.", "둘. 셋."], ["*하나. 둘.", "* 셋."]],
    ["one within another", "하나. 둘.", ["하나. 둘.", "둘."], ["*하나. 둘."]],
  ])("%s", (_case, text, cited, passages) => {
    expect(passagesOf(text, cited).map((passage) => (passage.isCited ? "*" : "") + passage.text)).toEqual(passages);
  });
});

it.each<[string[], string[], boolean]>([
  [["거래", "한도"], ["출금", "100만원"], true],
  [["거래", "한도"], ["이체", "100만원"], false],
  [["거래", "한도", "비고"], ["출금", "100만원", ""], true],
  [["", "한도"], ["출금", "100만원"], false],
  [["거래", "한도"], ["※ 영업일 기준입니다.", ""], true],
])("a row under %j: %j is cited: %s", (header, row, isCited) => {
  expect(isRowCited(header, row, ["거래: 출금 / 한도: 100만원", "※ 영업일 기준입니다."])).toBe(isCited);
});

it("shows the tables of a server that sends lines alone", () => {
  const lines = ["앞.", "거래 | 한도", "출금 | 100만원", "이체 | 600만원", "가 | 나", "뒤."];
  expect(blocksOfSection({ heading: "", page: 1, lines, blocks: [] })).toEqual([
    { kind: "paragraph", text: "앞." },
    { kind: "table", header: ["거래", "한도"], rows: [["출금", "100만원"], ["이체", "600만원"], ["가", "나"]] },
    { kind: "paragraph", text: "뒤." },
  ]);
});
