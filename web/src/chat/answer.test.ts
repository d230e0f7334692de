import { describe, expect, it } from "vitest";
import { aloud, beginningOf, type Block, blocksOf, settled, spansOf } from "./answer";

const paragraph = (text: string): Block => ({ kind: "paragraph", text });

describe("blocksOf", () => {
  it.each<[string, string, Block[]]>([
    ["nothing", "", []],
    ["a sentence", "수수료는 없습니다.", [paragraph("수수료는 없습니다.")]],
    ["lines in a row are one paragraph", "첫째 줄\n둘째 줄", [paragraph("첫째 줄\n둘째 줄")]],
    ["an empty line parts paragraphs", "앞.\n\n뒤.", [paragraph("앞."), paragraph("뒤.")]],
    [
      "items",
      "준비물입니다.\n- 신분증: 주민등록증 / 여권: 사본\n- 도장\n끝.",
      [paragraph("준비물입니다."), { kind: "list", items: ["신분증: 주민등록증 / 여권: 사본", "도장"] }, paragraph("끝.")],
    ],
    [
      "rows with the same columns are a table",
      "한도입니다.\n거래: 출금 / 1회 한도: 100만원\n거래: 이체 / 1회 한도: 600만원",
      [
        paragraph("한도입니다."),
        { kind: "table", header: ["거래", "1회 한도"], rows: [["출금", "100만원"], ["이체", "600만원"]] },
      ],
    ],
    [
      "a lone row is pairs",
      "거래: 출금 / 1회 한도: 100만원",
      [{ kind: "pairs", pairs: [{ name: "거래", value: "출금" }, { name: "1회 한도", value: "100만원" }] }],
    ],
    [
      "a row without some cells belongs to its table",
      "거래: 출금 / 1회: 1 / 1일: 2\n거래: 입금\n거래: 이체 / 1일: 3",
      [{ kind: "table", header: ["거래", "1회", "1일"], rows: [["출금", "1", "2"], ["입금", "", ""], ["이체", "", "3"]] }],
    ],
    [
      "a fuller row after a poorer one",
      "거래: 입금 / 1일: 3\n거래: 출금 / 1회: 1 / 1일: 2",
      [{ kind: "table", header: ["거래", "1회", "1일"], rows: [["입금", "", "3"], ["출금", "1", "2"]] }],
    ],
    [
      "other columns are another table",
      "가: 1 / 나: 2\n가: 3 / 나: 4\n다: 5 / 라: 6",
      [
        { kind: "table", header: ["가", "나"], rows: [["1", "2"], ["3", "4"]] },
        { kind: "pairs", pairs: [{ name: "다", value: "5" }, { name: "라", value: "6" }] },
      ],
    ],
    [
      "a value may hold the glue and a time",
      "구분: 송금 / 수수료: 5,000원 / 건\n구분: 상담 / 수수료: 09:00~16:00",
      [{ kind: "table", header: ["구분", "수수료"], rows: [["송금", "5,000원 / 건"], ["상담", "09:00~16:00"]] }],
    ],
    ["a colon alone makes no row", "영상통화: 평일 오전 9시부터", [paragraph("영상통화: 평일 오전 9시부터")]],
    ["nor does a slash", "혼합형 / 변동형", [paragraph("혼합형 / 변동형")]],
    ["nor a sentence before a colon", "다음을 보시면 됩니다. 예: 하나 / 예: 둘", [paragraph("다음을 보시면 됩니다. 예: 하나 / 예: 둘")]],
    ["nor the same name twice", "예: 하나 / 예: 둘", [paragraph("예: 하나 / 예: 둘")]],
    [
      "parts with headings",
      "[대출 금리]\n연 4%입니다.\n\n[필요한 서류]\n- 신분증",
      [
        { kind: "heading", text: "대출 금리" },
        paragraph("연 4%입니다."),
        { kind: "heading", text: "필요한 서류" },
        { kind: "list", items: ["신분증"] },
      ],
    ],
    ["a way through menus is no heading", "[이체 > 한도]\n에서 바꿉니다.", [paragraph("[이체 > 한도]\n에서 바꿉니다.")]],
    ["nor is what opens nothing", "끝.\n\n[참고]", [paragraph("끝."), paragraph("[참고]")]],
    ["nor what stands within a text", "앞\n[참고]\n뒤", [paragraph("앞\n[참고]\n뒤")]],
    ["markup is text", "<b>굵게</b> **굵게** https://bank.example", [paragraph("<b>굵게</b> **굵게** https://bank.example")]],
    ["Windows line ends", "앞\r\n- 하나\r\n", [paragraph("앞"), { kind: "list", items: ["하나"] }]],
  ])("%s", (_case, text, blocks) => {
    expect(blocksOf(text)).toEqual(blocks);
  });
});

it.each([
  ["수수료는 없습니다.", "수수료는 없습니다."],
  ["[대출 금리]\n가온 신용대출 금리는 연 4.20%입니다.", "[대출 금리] 가온 신용대출 금리는…"],
  ["", ""],
])("the beginning of %j", (text, beginning) => {
  expect(beginningOf(text)).toBe(beginning);
});

it("says a way through menus as its steps", () => {
  expect(aloud("앱의 [이체 > 이체한도 관리 > 한도 변경]에서 바꿀 수 있습니다.")).toBe("앱의 [이체, 이체한도 관리, 한도 변경]에서 바꿀 수 있습니다.");
});

describe("spansOf", () => {
  it.each<[string, string[]]>([
    ["고객센터 1588-0000으로 전화", ["1588-0000"]],
    ["1588-0099(24시간), 02-123-4567, 070-1234-5678", ["1588-0099", "02-123-4567", "070-1234-5678"]],
    ["경찰청 112, 금융감독원 1332로 신고", ["112", "1332"]],
    ["금융감독원(1332)", ["1332"]],
    ["112건, 제112조, 1332원, 총 112", []],
    ["경찰청 112만원, 금융감독원 1332건", []],
    ["계좌 110-1588-0000-12와 1588-00001", []],
    ["010-1234-5678은 고객님 번호", []],
    ["https://bank.example", []],
  ])("%s", (text, numbers) => {
    const spans = spansOf(text);
    expect(spans.filter((span) => span.kind === "phone").map((span) => span.text)).toEqual(numbers);
    expect(spans.map((span) => span.text).join("")).toBe(text);
  });
});

describe("settled", () => {
  it.each([
    ["수수료는 없", "수수료는 없"],
    ["안내입니다.\n거래", "안내입니다."],
    ["안내입니다.\n거래: 출금 / 1회", "안내입니다."],
    ["안내입니다.\n거래: 출금 / 1회: 1\n", "안내입니다.\n거래: 출금 / 1회: 1\n"],
    ["안내입니다.\n-", "안내입니다."],
    ["안내입니다.\n- ", "안내입니다."],
    ["안내입니다.\n- 신분", "안내입니다.\n- 신분"],
    ["안내입니다.\n- 신분증: 주민등록증", "안내입니다.\n- 신분증: 주민등록증"],
    ["안내입니다.\n수수료는 없습니다.", "안내입니다.\n수수료는 없습니다."],
    ["안내입니다.\n다음과 같습니다: 없음", "안내입니다.\n다음과 같습니다: 없음"],
    ["다음과 같습니다.", "다음과 같습니다."],
    ["금리: 연 3", ""],
    ["[대출 금", ""],
  ])("%j shows %j", (text, shown) => {
    expect(settled(text)).toBe(shown);
  });
});
