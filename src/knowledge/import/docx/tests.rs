//! Word documents, good and bad.

use crate::knowledge::import::docx::read;
use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::package::tests::archive;
use crate::knowledge::pack::Block;

const RELATIONS: &str = r#"<Relationships xmlns="r"><Relationship Id="1" Type="x/officeDocument" Target="word/document.xml"/></Relationships>"#;
const MAIN_RELATIONS: &str = r#"<Relationships xmlns="r"><Relationship Id="1" Type="x/styles" Target="styles.xml"/><Relationship Id="2" Type="x/numbering" Target="/word/numbering.xml"/></Relationships>"#;
const STYLES: &str = r#"<w:styles xmlns:w="w">
    <w:style w:styleId="a3"><w:name w:val="Title"/></w:style>
    <w:style w:styleId="1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
    <w:style w:styleId="2"><w:name w:val="제목 2"/></w:style>
    <w:style w:styleId="own"><w:name w:val="우리 제목"/><w:basedOn w:val="2"/></w:style>
    <w:style w:styleId="loop"><w:name w:val="고리"/><w:basedOn w:val="loop"/></w:style>
    <w:style w:styleId="toc"><w:name w:val="toc 1"/></w:style>
    <w:style w:styleId="list"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
</w:styles>"#;
const NUMBERING: &str = r#"<w:numbering xmlns:w="w">
    <w:abstractNum w:abstractNumId="0">
        <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
        <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="ganada"/><w:lvlText w:val="%2)"/></w:lvl>
    </w:abstractNum>
    <w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/></w:lvl></w:abstractNum>
    <w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="제%1조"/></w:lvl></w:abstractNum>
    <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
    <w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
    <w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>
    <w:num w:numId="4"><w:abstractNumId w:val="2"/></w:num>
</w:numbering>"#;

fn document(body: &str) -> Vec<u8> {
    let body = format!(r#"<w:document xmlns:w="w" xmlns:mc="mc" xmlns:v="v"><w:body>{body}</w:body></w:document>"#);
    archive(&[
        ("_rels/.rels", RELATIONS),
        ("word/_rels/document.xml.rels", MAIN_RELATIONS),
        ("word/document.xml", &body),
        ("word/styles.xml", STYLES),
        ("word/numbering.xml", NUMBERING),
    ])
}

fn extracted(body: &str) -> Extracted {
    read(&document(body)).unwrap()
}

fn blocks(body: &str) -> Vec<Block> {
    let mut read = extracted(body);
    assert_eq!(read.sections.len(), 1, "{body}");
    read.sections.remove(0).blocks
}

fn p(properties: &str, text: &str) -> String {
    format!("<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn styled(style: &str, text: &str) -> String {
    p(&format!(r#"<w:pStyle w:val="{style}"/>"#), text)
}

fn numbered(list: u32, level: u32, text: &str) -> String {
    p(&format!(r#"<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list}"/></w:numPr>"#), text)
}

fn cell(properties: &str, text: &str) -> String {
    format!("<w:tc><w:tcPr>{properties}</w:tcPr>{}</w:tc>", p("", text))
}

fn table(rows: &[&[String]]) -> String {
    let rows: String = rows.iter().map(|cells| format!("<w:tr>{}</w:tr>", cells.concat())).collect();
    format!("<w:tbl>{rows}</w:tbl>")
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(text.into())
}

fn list(items: &[&str]) -> Block {
    Block::List(items.iter().map(ToString::to_string).collect())
}

fn rows(cells: &[&[&str]]) -> Block {
    let mut rows: Vec<Vec<String>> = cells.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    Block::Table { header: rows.remove(0), rows }
}

#[test]
fn headings_come_from_styles_in_any_language_and_from_outline_levels() {
    let body = [
        styled("a3", "대출 안내"),
        styled("toc", "대상 ..... 1"),
        styled("1", "대상"),
        styled("own", "국내"),
        styled("loop", "글"),
        p(r#"<w:outlineLvl w:val="2"/>"#, "세부"),
        p("", "글"),
        styled("1", "끝"),
        p("", "글"),
    ];
    let read = extracted(&body.concat());
    let headings: Vec<_> = read.sections.iter().map(|section| section.heading.as_str()).collect();
    assert_eq!(headings, ["대상 > 국내", "대상 > 국내 > 세부", "끝"]);
    assert_eq!((read.title.as_deref(), read.pages), (Some("대출 안내"), 1));
}

#[test]
fn lists_show_their_numbers_and_bullets_do_not() {
    let body = [
        numbered(1, 0, "하나"),
        numbered(1, 1, "안쪽"),
        numbered(1, 0, "둘"),
        p("", "글"),
        styled("list", "점"),
        numbered(3, 0, "다섯"),
        numbered(0, 0, "목록 아님"),
    ];
    let expected =
        [list(&["1. 하나", "가) 안쪽", "2. 둘"]), paragraph("글"), list(&["점", "5. 다섯"]), paragraph("목록 아님")];
    assert_eq!(blocks(&body.concat()), expected);
    let clauses = extracted(&[numbered(4, 0, "(목적)"), p("", "글"), numbered(4, 0, "(정의)"), p("", "글")].concat());
    assert_eq!(clauses.sections[1].heading, "제2조 (정의)");
}

#[test]
fn the_text_is_what_a_reader_sees() {
    for (runs, expected) in [
        ("<w:r><w:t>가</w:t><w:tab/><w:t>나</w:t><w:br/><w:t>다</w:t></w:r>", "가 나\n다"),
        ("<w:hyperlink><w:r><w:t>앱</w:t></w:r></w:hyperlink><w:r><w:t>에서</w:t></w:r>", "앱에서"),
        ("<w:ins><w:r><w:t>새</w:t></w:r></w:ins><w:del><w:r><w:delText>옛</w:delText></w:r></w:del>", "새"),
        ("<w:r><w:t>글</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>숨김</w:t></w:r>", "글"),
        ("<w:r><w:t>글</w:t><w:footnoteReference w:id=\"1\"/></w:r>", "글"),
        ("<w:r><w:instrText>PAGE</w:instrText></w:r><w:fldSimple><w:r><w:t>3</w:t></w:r></w:fldSimple>", "3"),
        ("<w:sdt><w:sdtContent><w:r><w:t>가</w:t></w:r></w:sdtContent></w:sdt>", "가"),
    ] {
        assert_eq!(blocks(&format!("<w:p>{runs}</w:p>")), [paragraph(expected)], "{runs}");
    }
}

#[test]
fn text_boxes_are_read_once() {
    let inside = "<w:txbxContent><w:p><w:r><w:t>상자</w:t></w:r></w:p></w:txbxContent>";
    let body = format!(
        "<w:p><w:r><w:t>글</w:t></w:r><w:r><mc:AlternateContent><mc:Choice>{inside}</mc:Choice>\
         <mc:Fallback><v:textbox>{inside}</v:textbox></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    );
    assert_eq!(blocks(&body), [paragraph("글"), paragraph("상자")]);
}

#[test]
fn tables_keep_their_columns() {
    let plain = |text| cell("", text);
    let merged = table(&[
        &[plain("구분"), plain("금리"), plain("한도")],
        &[cell(r#"<w:vMerge w:val="restart"/>"#, "신용"), plain("4%"), plain("1억")],
        &[cell("<w:vMerge/>", ""), cell(r#"<w:gridSpan w:val="2"/>"#, "별도")],
    ]);
    let expected = rows(&[&["구분", "금리", "한도"], &["신용", "4%", "1억"], &["신용", "별도", "별도"]]);
    assert_eq!(blocks(&merged), [expected]);
    let inner = table(&[&[plain("1"), plain("2")], &[plain("3"), plain("4")]]);
    let nested = format!(
        "<w:tbl><w:tr>{}<w:tc>{inner}<w:p/></w:tc></w:tr><w:tr>{}{}</w:tr></w:tbl>",
        plain("가"),
        plain("나"),
        plain("다")
    );
    assert_eq!(blocks(&nested), [rows(&[&["가", "1 2 3 4"], &["나", "다"]])]);
    assert_eq!(blocks(&table(&[&[plain("상자")]])), [paragraph("상자")]);
    assert_eq!(blocks(&table(&[&[plain("이름"), plain("가온")]])), [paragraph("이름 | 가온")]);
}

#[test]
fn hostile_documents_are_refused() {
    let wide = table(&[&[cell(r#"<w:gridSpan w:val="999999999999"/>"#, "가")], &[cell("", "나")]]);
    let deep = format!("{}{}", "<w:sdt>".repeat(400), "</w:sdt>".repeat(400));
    for (bytes, found) in [
        (document(&deep), "its XML is nested too deeply"),
        (document("<w:p/>"), "the document has no text"),
        (b"%PDF-1.7".to_vec(), "the file is not a .docx document but a PDF"),
        (archive(&[("xl/workbook.xml", "<a/>")]), "the file is not a .docx document but an Excel workbook (.xlsx)"),
        (archive(&[("word/document.xml", "<!DOCTYPE a []><a/>")]), "its XML has a document type definition"),
    ] {
        assert_eq!(read(&bytes).unwrap_err().found, found);
    }
    // A span that cannot be is cut, since the table itself is small.
    assert!(read(&document(&wide)).is_ok());
    let whole = document(&p("", "글"));
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "cut to {length} bytes");
    }
}
