//! HWP 5 files, good and bad, made record by record.

use std::io::Cursor;
use std::io::Write;

use cfb::CompoundFile;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::knowledge::import::hwp::read;
use crate::knowledge::import::hwp::record;
use crate::knowledge::pack::Block;

fn record(tag: u16, level: u32, data: &[u8]) -> Vec<u8> {
    let length = data.len() as u32;
    let mut bytes = (u32::from(tag) | level << 10 | length.min(0xFFF) << 20).to_le_bytes().to_vec();
    if length >= 0xFFF {
        bytes.extend(length.to_le_bytes());
    }
    bytes.extend(data);
    bytes
}

fn units(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn string(text: &str) -> Vec<u8> {
    [(text.encode_utf16().count() as u16).to_le_bytes().to_vec(), units(text)].concat()
}

/// A paragraph of a style and shape at a level, with its text and what is anchored in it.
fn p(level: u32, style: u8, shape: u16, text: &[u8], below: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 22];
    header[8..10].copy_from_slice(&shape.to_le_bytes());
    header[10] = style;
    [record(record::PARA_HEADER, level, &header), record(record::PARA_TEXT, level + 1, text), below.to_vec()].concat()
}

fn plain(level: u32, text: &str) -> Vec<u8> {
    p(level, 0, 0, &units(text), &[])
}

/// A cell of a table whose control is at `level`.
fn cell(level: u32, place: [u16; 2], span: [u16; 2], paragraphs: &[u8]) -> Vec<u8> {
    let addresses = [place[1], place[0], span[1], span[0]].into_iter().flat_map(u16::to_le_bytes);
    let header: Vec<u8> = [0; 8].into_iter().chain(addresses).collect();
    [record(record::LIST_HEADER, level + 1, &header), paragraphs.to_vec()].concat()
}

fn table(level: u32, cells: &[Vec<u8>]) -> Vec<u8> {
    let control = record(record::CTRL_HEADER, level, b" lbt\0\0\0\0");
    [control, record(record::TABLE, level + 1, &[0; 8]), cells.concat()].concat()
}

fn definitions() -> Vec<u8> {
    let styles =
        ["바탕글", "개요 1", "제목"].map(|name| record(record::STYLE, 0, &[string(name), string("")].concat()));
    let shapes = [0, 1 << 23, 2 << 23 | 1 << 25, 3 << 23].map(|property: u32| {
        let mut data = property.to_le_bytes().to_vec();
        data.resize(54, 0);
        data[30..32].copy_from_slice(&1_u16.to_le_bytes());
        record(record::PARA_SHAPE, 0, &data)
    });
    let level = |format: u32, text: &str| [(format << 5).to_le_bytes().to_vec(), vec![0; 8], string(text)].concat();
    let mut numbering = [level(0, "^1."), level(8, "^2)")].concat();
    numbering.extend((0..5).flat_map(|_| level(0, "")));
    numbering.extend(1_u16.to_le_bytes());
    numbering.extend([3_u32, 1, 1, 1, 1, 1, 1].into_iter().flat_map(u32::to_le_bytes));
    [styles.concat(), shapes.concat(), record(record::NUMBERING, 0, &numbering)].concat()
}

fn file(version: u32, flags: u32, sections: &[Vec<u8>]) -> Vec<u8> {
    let mut file = CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    let mut header = b"HWP Document File".to_vec();
    header.resize(32, 0);
    header.extend(version.to_le_bytes());
    header.extend(flags.to_le_bytes());
    header.resize(256, 0);
    file.create_stream("/FileHeader").unwrap().write_all(&header).unwrap();
    file.create_storage("/BodyText").unwrap();
    let mut streams = vec![("/DocInfo".to_owned(), definitions())];
    streams.extend((0..).zip(sections).map(|(number, body)| (format!("/BodyText/Section{number}"), body.clone())));
    for (name, body) in streams {
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::fast());
        deflated.write_all(&body).unwrap();
        let stored = if flags & 1 == 0 { body } else { deflated.finish().unwrap() };
        file.create_stream(name).unwrap().write_all(&stored).unwrap();
    }
    file.into_inner().into_inner()
}

const VERSION: u32 = 0x0501_0000;

#[test]
fn headings_lists_and_sections_are_read_in_order() {
    let first = [
        p(0, 2, 0, &units("대출 안내"), &[]),
        p(0, 1, 1, &units("대상"), &[]),
        p(0, 0, 2, &units("신분증"), &[]),
        p(0, 0, 3, &units("점"), &[]),
    ];
    let second = [p(0, 1, 1, &units("서류"), &[]), plain(0, &"긴 글".repeat(2_000))].concat();
    for flags in [0, 1] {
        let read = read(&file(VERSION, flags, &[first.concat(), second.clone()])).unwrap();
        let headings: Vec<_> = read.sections.iter().map(|section| section.heading.as_str()).collect();
        assert_eq!((read.title.as_deref(), headings), (Some("대출 안내"), vec!["3. 대상", "4. 서류"]));
        assert_eq!(read.sections[0].blocks, [Block::List(vec!["가) 신분증".into(), "점".into()])]);
    }
}

#[test]
fn control_characters_are_not_text() {
    let tab = [&[9_u8, 0][..], &[1; 12], &[9, 0]].concat();
    let field = [&[3_u8, 0][..], b"khl%", &[0x41; 8], &[3, 0]].concat();
    let text = [units("가"), tab, units("나\n다\u{18}라"), field, units("마\r")].concat();
    let read = read(&file(VERSION, 1, &[p(0, 0, 0, &text, &[])])).unwrap();
    assert_eq!(read.sections[0].blocks, [Block::Paragraph("가 나\n다-라마".into())]);
}

#[test]
fn tables_and_text_boxes_are_read() {
    let inner = table(3, &[cell(3, [0, 0], [1, 1], &plain(4, "안")), cell(3, [0, 1], [1, 1], &plain(4, "쪽"))]);
    let cells = [
        cell(1, [0, 0], [1, 1], &plain(2, "구분")),
        cell(1, [0, 1], [1, 1], &plain(2, "금리")),
        cell(1, [1, 0], [2, 1], &[plain(2, "신용"), plain(2, "대출")].concat()),
        cell(1, [1, 1], [1, 1], &plain(2, "4%")),
        cell(1, [2, 1], [1, 1], &p(2, 0, 0, &units("별도"), &inner)),
    ];
    let text_box = [
        record(record::CTRL_HEADER, 1, b" osg"),
        record(record::SHAPE_COMPONENT, 2, &[0; 8]),
        record(record::LIST_HEADER, 3, &[0; 8]),
        plain(3, "상자"),
    ];
    let note = [record(record::CTRL_HEADER, 1, b"  nf"), record(record::LIST_HEADER, 2, &[0; 8]), plain(2, "각주")];
    let body = [
        p(0, 0, 0, &units("앞"), &table(1, &cells)),
        p(0, 0, 0, &units("뒤"), &[text_box.concat(), note.concat()].concat()),
        p(0, 0, 0, &[], &table(1, &[cell(1, [0, 0], [1, 1], &plain(2, "칸 하나"))])),
    ];
    let read = read(&file(VERSION, 1, &[body.concat()])).unwrap();
    let [header, first, second] =
        [["구분", "금리"], ["신용 대출", "4%"], ["신용 대출", "별도 안 쪽"]].map(|row| row.map(String::from).to_vec());
    let [before, after, boxed, single] = ["앞", "뒤", "상자", "칸 하나"].map(|text| Block::Paragraph(text.into()));
    let expected = [before, Block::Table { header, rows: vec![first, second] }, after, boxed, single];
    assert_eq!(read.sections[0].blocks, expected);
}

#[test]
fn protected_old_and_damaged_files_are_refused() {
    let body = || [plain(0, "글")];
    for (bytes, found) in [
        (file(VERSION, 0b11, &body()), "the document is protected by a password"),
        (file(VERSION, 0b101, &body()), "it is a document for distribution (배포용 문서), whose text is locked"),
        (file(VERSION, 1 << 4, &body()), "the document is protected by rights management (DRM)"),
        (file(VERSION, 1 << 8, &body()), "the document is encrypted with a certificate"),
        (file(0x0400_0000, 1, &body()), "it is of version 4 of the .hwp format, and version 5 is read"),
        (file(VERSION, 1, &[]), "the document is damaged: it has no sections"),
        (file(VERSION, 0, &[vec![1, 2, 3]]), "the document is damaged: a record is cut off"),
        (file(VERSION, 1, &[vec![0; 65 << 20]]), "it unpacks to many times its size"),
        (file(VERSION, 1, &[plain(0, " ")]), "the document has no text"),
        (b"HWP Document File V3.00 \x1a".to_vec(), "the file is not a .hwp document but a document of HWP 3 or older"),
        (b"PK\x03\x04".to_vec(), "the file is not a .hwp document but a damaged archive"),
    ] {
        assert_eq!(read(&bytes).unwrap_err().found, found);
    }
    let mut deep = Vec::new();
    for level in (0..200).rev() {
        deep = p(level * 2, 0, 0, &units("글"), &table(level * 2 + 1, &[cell(level * 2 + 1, [0, 0], [1, 1], &deep)]));
    }
    assert_eq!(read(&file(VERSION, 1, &[deep])).unwrap_err().found, "its tables are nested too deeply");
}

#[test]
fn a_cut_file_is_an_error_and_never_a_panic() {
    let whole = file(VERSION, 1, &[[plain(0, "글"), table(1, &[])].concat()]);
    for length in (0..whole.len()).step_by(97) {
        let _outcome = read(&whole[..length]);
    }
    for position in (0..whole.len()).step_by(31) {
        let mut changed = whole.clone();
        changed[position] ^= 0xFF;
        let _outcome = read(&changed);
    }
}
