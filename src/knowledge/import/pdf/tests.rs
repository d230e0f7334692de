//! PDF files, good and bad, made object by object.

use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::pdf::read;
use crate::knowledge::pack::Block;

/// A file of these objects, the first of which is the catalogue.
fn file(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n{object}\nendobj\n").into_bytes());
    }
    let start = bytes.len();
    let entries: String = places.iter().map(|place| format!("{place:010} 00000 n \n")).collect();
    let size = objects.len() + 1;
    let tail = format!(
        "xref\n0 {size}\n0000000000 65535 f \n{entries}trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF"
    );
    bytes.extend(tail.into_bytes());
    bytes
}

fn font(name: &str, ordering: &str, encoding: &str) -> String {
    format!(
        "<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/{encoding}/DescendantFonts[<</Type/Font/Subtype/CIDFontType0\
         /BaseFont/{name}/DW 1000/CIDSystemInfo<</Registry(Adobe)/Ordering({ordering})/Supplement 1>>\
         /FontDescriptor<</Type/FontDescriptor/FontName/{name}/Flags 4>>>>]>>"
    )
}

/// A document of A4 pages. Fonts: `A` plain, `B` bold, `C` whose codes mean nothing; `P` is a picture, `L` a loop.
fn document(pages: &[String]) -> Vec<u8> {
    const BEFORE: usize = 7;
    let kids: String = (0..pages.len()).map(|page| format!("{} 0 R ", BEFORE + 1 + 2 * page)).collect();
    let stream = |text: &str, entries: &str| format!("<</Length {}{entries}>>stream\n{text}\nendstream", text.len());
    let picture = "/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray";
    let looped = "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</L 7 0 R>>>>";
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Kids[{kids}]/Count {}>>", pages.len()),
        font("Batang", "Korea1", "UniKS-UCS2-H"),
        font("Batang-Bold", "Korea1", "UniKS-UCS2-H"),
        font("Secret", "Identity", "Identity-H"),
        stream("0", picture),
        stream("/L Do /L Do", looped),
    ];
    for (number, page) in pages.iter().enumerate() {
        let contents = BEFORE + 2 + 2 * number;
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {contents} 0 R\
             /Resources<</Font<</A 3 0 R/B 4 0 R/C 5 0 R>>/XObject<</P 6 0 R/L 7 0 R>>>>>>"
        ));
        objects.push(stream(page, ""));
    }
    file(&objects, "")
}

/// Text of a font at a place counted from the upper left corner.
fn show(font: char, size: u32, [x, y]: [u32; 2], text: &str) -> String {
    let codes: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    format!("BT /{font} {size} Tf {x} {} Td <{codes}> Tj ET\n", 842 - y)
}

fn plain(place: [u32; 2], text: &str) -> String {
    show('A', 10, place, text)
}

/// A rule from one place to another, as a thin filled area.
fn rule([x, y]: [u32; 2], [width, height]: [u32; 2]) -> String {
    format!("{x} {} {} {} re f\n", 842 - y - height, width.max(1), height.max(1))
}

fn extracted(pages: &[String]) -> Extracted {
    read(&document(pages)).unwrap()
}

fn blocks(page: &str) -> Vec<Block> {
    let mut read = extracted(&[page.to_owned()]);
    assert_eq!(read.sections.len(), 1, "{:?}", read.sections);
    read.sections.remove(0).blocks
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(text.into())
}

fn rows(cells: &[&[&str]]) -> Block {
    let mut rows: Vec<Vec<String>> = cells.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    Block::Table { header: rows.remove(0), rows }
}

#[test]
fn sizes_make_headings_and_pages_are_kept() {
    let page = |number: u32, heading: &str, text: &str| {
        [
            plain([50, 30], "가온은행 상품 안내"),
            show('A', 16, [50, 80], heading),
            plain([50, 110], text),
            plain([290, 820], &format!("- {number} -")),
        ]
        .concat()
    };
    let first = show('A', 24, [50, 50], "대출 안내") + &page(1, "대상", "누구나 신청할 수 있습니다.");
    let read = extracted(&[first, page(2, "한도", "한도는 일억원입니다."), page(3, "금리", "금리는 사 퍼센트입니다.")]);
    let sections: Vec<_> = read.sections.iter().map(|section| (section.heading.as_str(), section.page)).collect();
    assert_eq!((read.title.as_deref(), read.pages), (Some("대출 안내"), 3));
    assert_eq!(sections, [("대상", 1), ("한도", 2), ("금리", 3)]);
    assert_eq!(read.sections[1].blocks, [paragraph("한도는 일억원입니다.")]);
}

#[test]
fn a_centred_title_of_two_lines_is_one() {
    let text = "소득이 적으신 고객님도 신청하실 수 있는 대출입니다.";
    let section = |y: u32, heading: &str| show('A', 16, [50, y], heading) + &plain([50, y + 30], text);
    let title = show('A', 24, [60, 60], "정책 서민금융 대출 안내(새희망홀씨와") + &show('A', 24, [200, 98], "디딤돌)");
    let read = extracted(&[[title, section(150, "대상"), section(230, "한도")].concat()]);
    let headings: Vec<_> = read.sections.iter().map(|section| section.heading.as_str()).collect();
    assert_eq!(read.title.as_deref(), Some("정책 서민금융 대출 안내(새희망홀씨와 디딤돌)"));
    assert_eq!(headings, ["대상", "한도"]);
}

#[test]
fn typed_marks_make_headings_and_lists_where_sizes_do_not() {
    let lines = ["제1조(목적)", "이 약관은 목적을 정합니다.", "- 신분증", "• 증명서", "○ 신청서", "① 확인", "② 접수"];
    let page: String = (0..).zip(lines).map(|(line, text)| plain([50, 50 + 20 * line], text)).collect();
    let read = extracted(&[page]);
    let list = ["신분증", "증명서", "신청서", "① 확인", "② 접수"].map(String::from).to_vec();
    assert_eq!(read.sections[0].heading, "제1조(목적)");
    assert_eq!(read.sections[0].blocks, [paragraph("이 약관은 목적을 정합니다."), Block::List(list)]);
}

#[test]
fn full_lines_go_on_in_the_next_line_and_on_the_next_page() {
    let first = [
        plain([50, 50], "이 상품은 누구나 신청할 수 있으며 한도는 소득에 따라"),
        plain([50, 64], "다르므로 자세한 내용은 영업점에서 확인하시기 바라며"),
        plain([50, 78], "짧은 줄입니다."),
        plain([50, 92], "다음 문단은 다음 쪽에서 이어지는 긴 문단으로 마지막"),
    ];
    let read = extracted(&[first.concat(), plain([50, 50], "줄이 다음 쪽에 있습니다.")]);
    let expected = [
        "이 상품은 누구나 신청할 수 있으며 한도는 소득에 따라 다르므로 자세한 내용은 영업점에서 확인하시기 바라며 짧은 줄입니다.",
        "다음 문단은 다음 쪽에서 이어지는 긴 문단으로 마지막 줄이 다음 쪽에 있습니다.",
    ];
    assert_eq!(read.sections[0].blocks, expected.map(paragraph));
}

#[test]
fn a_line_without_a_final_space_is_broken_within_a_word_where_others_have_one() {
    let lines = |above: [&str; 2], space: &str| {
        let filling = (0..6)
            .map(|line| plain([50, 50 + 14 * line], &format!("한도는 소득에 따라 다르므로 미리 확인하시고{space}")));
        let pair = (0..).zip(above).map(|(line, text)| plain([50, 134 + 14 * line], text));
        filling.chain(pair).collect::<String>()
    };
    // The end of a full line, the beginning of the next, and how both are read with and without spaces at line ends.
    for (end, start, [written, left_out]) in [
        ("시작일은 2026", "년입니다", ["2026년입니다", "2026 년입니다"]),
        ("최대 연 0.50%p", "입니다", ["0.50%p입니다", "0.50%p 입니다"]),
        ("한도와 금리(", "기준일 포함)", ["금리(기준일", "금리(기준일"]),
        ("기간의 변경", "(반환)입니다", ["변경(반환)", "변경(반환)"]),
        ("수 있습니다.", "다음은", ["있습니다. 다음은", "있습니다. 다음은"]),
    ] {
        let full = format!("{end:가>24}");
        for (space, expected) in [(" ", written), ("", left_out)] {
            let found = blocks(&lines([&full, start], space));
            let [Block::Paragraph(text)] = found.as_slice() else { panic!("{found:?}") };
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}

#[test]
fn a_cell_without_final_spaces_is_broken_within_words_where_lines_have_them() {
    let lines: String =
        (0..4).map(|line| plain([50, 30 + 14 * line], "한도는 소득에 따라 다르므로 미리 확인하시고 ")).collect();
    let frame = (0..=2).map(|line| rule([50, 100 + 40 * line], [200, 1]) + &rule([50 + 100 * line, 100], [1, 80]));
    let cell = [plain([160, 160], "등본과 3"), plain([160, 170], "개월 초본")].concat();
    let cells = [plain([60, 120], "구분"), plain([160, 120], "서류"), plain([60, 165], "담보"), cell].concat();
    let found = blocks(&[lines, frame.collect(), cells].concat());
    assert_eq!(found[1], rows(&[&["구분", "서류"], &["담보", "등본과 3개월 초본"]]));
}

#[test]
fn tables_drawn_with_rules_keep_merged_cells_and_go_on_on_the_next_page() {
    let frame = |height: u32| {
        let across =
            (0..=height).map(|row| rule([50, 100 + 30 * row], [if row == 2 { 0 } else { 300 }, 1])).collect::<String>();
        let down = (0..=3).map(|column| rule([50 + 100 * column, 100], [1, 30 * height])).collect::<String>();
        across + &down
    };
    let header = [plain([60, 120], "구분"), plain([160, 120], "금리"), plain([260, 120], "한도")].concat();
    let first = [
        frame(3),
        // The middle rule leaves out the first column, whose two cells are one.
        rule([150, 160], [200, 1]),
        header.clone(),
        plain([60, 165], "신용"),
        plain([160, 145], "연 사"),
        plain([160, 155], "퍼센트"),
        plain([260, 150], "일억원"),
        plain([160, 180], "연 오"),
        plain([260, 180], "이억원"),
    ];
    let second = [frame(2), header, plain([60, 150], "담보"), plain([160, 150], "연 삼"), plain([260, 150], "삼억원")];
    let read = extracted(&[first.concat(), second.concat() + &plain([50, 300], "표 아래 글입니다.")]);
    let table = rows(&[
        &["구분", "금리", "한도"],
        &["신용", "연 사 퍼센트", "일억원"],
        &["신용", "연 오", "이억원"],
        &["담보", "연 삼", "삼억원"],
    ]);
    // The table is cited by the page it begins on, the text below it by its own.
    let parts: Vec<_> = read.sections.into_iter().map(|part| (part.page, part.blocks)).collect();
    assert_eq!(parts, [(1, vec![table]), (2, vec![paragraph("표 아래 글입니다.")])]);
}

#[test]
fn columns_without_rules_are_a_table_from_three_lines_on() {
    let line =
        |y: u32, cells: [&str; 3]| (0..).zip(cells).map(|(x, text)| plain([50 + 120 * x, y], text)).collect::<String>();
    let lines =
        [line(50, ["구분", "금리", "한도"]), line(70, ["신용", "사", "일억"]), line(90, ["담보", "삼", "이억"])];
    let table = rows(&[&["구분", "금리", "한도"], &["신용", "사", "일억"], &["담보", "삼", "이억"]]);
    assert_eq!(blocks(&lines.concat()), [table]);
    assert_eq!(blocks(&lines[..2].concat()), [paragraph("구분 금리 한도"), paragraph("신용 사 일억")]);
}

#[test]
fn two_columns_of_text_are_read_one_after_the_other() {
    let column = |x: u32, word: &str| {
        (0..20).map(|line| plain([x, 50 + 20 * line], &format!("{word} {line}줄."))).collect::<String>()
    };
    let shown = blocks(&(column(50, "왼쪽") + &column(320, "오른쪽")));
    assert_eq!((shown.len(), &shown[0], &shown[20]), (40, &paragraph("왼쪽 0줄."), &paragraph("오른쪽 0줄.")));
}

#[test]
fn letters_are_read_once_and_gaps_are_spaces() {
    let shadowed = plain([50, 50], "두 번 그린 글") + "1 0 0 1 0.3 0 cm\n" + &plain([50, 50], "두 번 그린 글");
    assert_eq!(blocks(&shadowed), [paragraph("두 번 그린 글")]);
    let gap = "BT /A 10 Tf 50 700 Td [<B300CD9C> -300 <C0C1D488> -30 <B2E4>] TJ ET";
    assert_eq!(blocks(gap), [paragraph("대출 상품다")]);
    let turned = "BT /A 10 Tf 0 1 -1 0 300 100 Tm <AC00B098> Tj ET BT /A 10 Tf 0 1 -1 0 320 100 Tm <B2E4B77C> Tj ET";
    assert_eq!(blocks(turned), [paragraph("가나"), paragraph("다라")]);
    let artifact = "/Artifact <</Type/Pagination>> BDC ".to_owned() + &plain([50, 30], "머리글") + "EMC ";
    assert_eq!(blocks(&(artifact + &plain([50, 60], "본문"))), [paragraph("본문")]);
}

#[test]
fn artifacts_are_left_out_unless_everything_is_one() {
    let artifact = |text: String| format!("/Artifact BMC {text}EMC ");
    let header = artifact(plain([50, 30], "가온은행"));
    let footer = artifact(plain([290, 820], "- 1 -"));
    let title = "/Title <</MCID 0>> BDC ".to_owned() + &show('A', 24, [50, 70], "금리 안내") + "EMC ";
    let section = |y: u32, heading: &str, text: &str| show('A', 16, [50, y], heading) + &plain([50, y + 30], text);
    let sections = section(110, "대상", "누구나 신청할 수 있습니다.") + &section(190, "금리", "사 퍼센트입니다.");
    let read = extracted(&[[header, footer, title, sections].concat()]);
    let found: Vec<_> = read.sections.iter().map(|found| (found.heading.as_str(), found.blocks.len())).collect();
    // On a single page nothing else tells a header, and one above the title would take its place.
    assert_eq!((read.title.as_deref(), found), (Some("금리 안내"), vec![("대상", 1), ("금리", 1)]));
    assert_eq!(blocks(&artifact(plain([50, 50], "금리는 사 퍼센트입니다."))), [paragraph("금리는 사 퍼센트입니다.")]);
    // The head of a table is one where the table goes on, and is still its head.
    let frame = (0..=2).map(|line| rule([50, 100 + 30 * line], [200, 1]) + &rule([50 + 100 * line, 100], [1, 60]));
    let head = artifact(plain([60, 120], "구분") + &plain([160, 120], "금리"));
    let table = [frame.collect(), head, plain([60, 150], "담보"), plain([160, 150], "연 삼")].concat();
    assert_eq!(blocks(&table), [rows(&[&["구분", "금리"], &["담보", "연 삼"]])]);
}

#[test]
fn an_amount_alone_in_a_cell_has_no_space_where_the_page_writes_them() {
    // `400원` with a quarter of the size between its scripts, as word processors set them apart.
    let amount = |place: [u32; 2]| {
        format!("BT /A 10 Tf {} {} Td [<003400300030> -250 <C6D0>] TJ ET\n", place[0], 842 - place[1])
    };
    let frame = (0..=2).map(|line| rule([50, 100 + 30 * line], [200, 1]) + &rule([50 + 100 * line, 100], [1, 60]));
    let frame: String = frame.collect();
    for (text, expected) in [("수수료는 다음과 같습니다.", "400원"), ("수수료", "400 원")] {
        let cells = [plain([60, 120], "이체"), amount([160, 120]), plain([60, 150], "출금"), amount([160, 150])];
        let found = blocks(&[frame.as_str(), &plain([50, 50], text), &cells.concat()].concat());
        assert_eq!(found[1], rows(&[&["이체", expected], &["출금", expected]]), "below {text}");
    }
}

#[test]
fn pictures_of_text_and_meaningless_codes_are_refused() {
    let scan = "q 595 0 0 842 0 0 cm /P Do Q".to_owned();
    let found = read(&document(&[scan.clone(), scan.clone(), plain([50, 50], "표지입니다.")])).unwrap_err().found;
    assert_eq!(found, "the pages hold pictures of text and no text");
    let pictured = format!("{scan}\n{}", plain([50, 50], "그림 위에 글이 있는 쪽은 그림이 아니라 글로 읽습니다."));
    assert_eq!(extracted(&[pictured]).unreadable, 0);
    let secret = read(&document(&[show('C', 10, [50, 50], "가나다라마바사")])).unwrap_err().found;
    assert!(secret.starts_with("most of its characters cannot be told"), "{secret}");
    let few = plain([50, 50], "거의 모든 글자를 읽을 수 있는 문서입니다.") + &show('C', 10, [50, 70], "가나");
    assert_eq!(extracted(&[few]).unreadable, 2);
}

#[test]
fn protected_foreign_and_damaged_files_are_refused() {
    let key = "<00000000000000000000000000000000000000000000000000000000000000ff>";
    let id = "/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]";
    let encrypt = format!("/Encrypt<</Filter/Standard/V 1/R 2/P -4/O{key}/U{key}>>{id}");
    let objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>"].map(String::from);
    for (bytes, found) in [
        (file(&objects, &encrypt), "the document is protected by a password"),
        (b"PK\x03\x04".to_vec(), "the file is not a .pdf document but a damaged archive"),
        (b"<html>".to_vec(), "the file is not a .pdf document but a web page (HTML)"),
        (b"%PDF-1.7\n".to_vec(), "the document is damaged: it cannot be read as a PDF"),
        (document(&[String::new()]), "the document has no text"),
    ] {
        assert_eq!(read(&bytes).unwrap_err().found, found);
    }
}

#[test]
fn hostile_files_end_and_do_not_panic() {
    // A form that draws itself twice, to the allowed depth.
    assert!(read(&document(&["/L Do".to_owned()])).is_err());
    assert!(extracted(&["q ".repeat(100_000) + &plain([50, 50], "글")]).characters > 0);
    let rules: String = (0..3_000).map(|line| rule([line % 500, line / 4], [50, 1])).collect();
    assert!(extracted(&[rules + &plain([50, 50], "글")]).characters > 0);
    let whole = document(&[plain([50, 50], "글")]);
    for length in (0..whole.len()).step_by(61) {
        let _outcome = read(&whole[..length]);
    }
    for position in (0..whole.len()).step_by(17) {
        let mut changed = whole.clone();
        changed[position] ^= 0x15;
        let _outcome = read(&changed);
    }
}
