//! Documents of the formats that banks have, made part by part, and some that nobody should have.

use std::io::Cursor;
use std::io::Write as _;

use flate2::Compress;
use flate2::Compression;
use flate2::FlushCompress;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A Word document: a heading and a paragraph.
pub fn docx(heading: &str, text: &str) -> Vec<u8> {
    let styles = r#"<styles><style styleId="1"><name val="heading 1"/></style></styles>"#;
    let relations = r#"<Relationships><Relationship Type="x/styles" Target="styles.xml"/></Relationships>"#;
    let paragraph = |style: &str, text: &str| format!("<p><pPr>{style}</pPr><r><t>{text}</t></r></p>");
    let body = paragraph(r#"<pStyle val="1"/>"#, heading) + &paragraph("", text) + &paragraph("", "");
    word(
        &format!("<document><body>{body}</body></document>"),
        &[("word/_rels/document.xml.rels", relations), ("word/styles.xml", styles)],
    )
}

/// A Word document of this XML.
fn word(document: &str, parts: &[(&str, &str)]) -> Vec<u8> {
    archive(&[&[("word/document.xml", document)], parts].concat())
}

/// A document of the Hangul word processor in XML: a paragraph.
pub fn hwpx(text: &str) -> Vec<u8> {
    archive(&[("Contents/section0.xml", &format!("<sec><p><run><t>{text}</t></run></p></sec>"))])
}

/// A document of the Hangul word processor in records (HWP 5): a paragraph.
pub fn hwp(text: &str) -> Vec<u8> {
    const PARA_HEADER: u32 = 66;
    const PARA_TEXT: u32 = 67;
    let record = |tag: u32, level: u32, data: &[u8]| {
        [&(tag | level << 10 | (data.len() as u32) << 20).to_le_bytes(), data].concat()
    };
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let body = [record(PARA_HEADER, 0, &[0; 22]), record(PARA_TEXT, 1, &units)].concat();
    let mut header = b"HWP Document File".to_vec();
    header.resize(32, 0);
    header.extend(0x0501_0000_u32.to_le_bytes());
    header.resize(256, 0);
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_storage("/BodyText").unwrap();
    for (name, bytes) in [("/FileHeader", header), ("/DocInfo", Vec::new()), ("/BodyText/Section0", body)] {
        file.create_stream(name).unwrap().write_all(&bytes).unwrap();
    }
    file.into_inner().into_inner()
}

/// A PDF with a line of text on each page.
pub fn pdf(pages: &[&str]) -> Vec<u8> {
    let contents: Vec<_> = pages
        .iter()
        .map(|text| {
            let codes: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
            (String::new(), format!("BT /F 10 Tf 50 700 Td <{codes}> Tj ET").into_bytes())
        })
        .collect();
    pdf_of(&contents, "")
}

/// A PDF of pages whose contents are streams with these entries in their dictionaries.
fn pdf_of(contents: &[(String, Vec<u8>)], trailer: &str) -> Vec<u8> {
    const FONT: &str = "<</Type/Font/Subtype/Type0/BaseFont/Batang/Encoding/UniKS-UCS2-H/DescendantFonts[<</Type/Font\
        /Subtype/CIDFontType0/BaseFont/Batang/DW 1000/CIDSystemInfo<</Registry(Adobe)/Ordering(Korea1)/Supplement 1>>\
        /FontDescriptor<</Type/FontDescriptor/FontName/Batang/Flags 4>>>>]>>";
    const LOOP: &str = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</L 4 0 R>>>>/Length 11>>stream\n\
        /L Do /L Do\nendstream";
    let kids: String = (0..contents.len()).map(|page| format!("{} 0 R ", 5 + 2 * page)).collect();
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Kids[{kids}]/Count {}>>", contents.len()).into_bytes(),
        FONT.into(),
        LOOP.into(),
    ];
    for (number, (entries, stream)) in contents.iter().enumerate() {
        let page = format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {} 0 R\
             /Resources<</Font<</F 3 0 R>>/XObject<</L 4 0 R>>>>>>",
            6 + 2 * number
        );
        objects.push(page.into_bytes());
        let head = format!("<</Length {}{entries}>>stream\n", stream.len()).into_bytes();
        objects.push([&head[..], stream, b"\nendstream"].concat());
    }
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut table = String::new();
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", bytes.len());
        bytes.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
    }
    let (size, start) = (objects.len() + 1, bytes.len());
    let tail = format!(
        "xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF"
    );
    bytes.extend(tail.into_bytes());
    bytes
}

/// A small Word document whose text unpacks to 100 MiB.
pub fn swelling_docx() -> Vec<u8> {
    word(&format!("<document><body>{}</body></document>", " ".repeat(100 << 20)), &[])
}

/// A Word document of elements within elements.
pub fn deep_docx() -> Vec<u8> {
    const DEPTH: usize = 100_000;
    word(&format!("<document><body>{}{}</body></document>", "<p>".repeat(DEPTH), "</p>".repeat(DEPTH)), &[])
}

/// A PDF of some kilobytes whose page unpacks to 4 GiB of operators.
pub fn swelling_pdf() -> Vec<u8> {
    let once = deflated(&b"q ".repeat(1 << 19), 4 << 10);
    let twice = deflated(&once, 1);
    pdf_of(&[("/Filter[/FlateDecode/FlateDecode]".to_owned(), twice)], "")
}

/// A PDF whose page draws a form that draws itself, and itself again.
pub fn looping_pdf() -> Vec<u8> {
    pdf_of(&[(String::new(), b"/L Do".to_vec())], "")
}

/// A PDF that opens with a password only.
pub fn locked_pdf() -> Vec<u8> {
    let key = "<00000000000000000000000000000000000000000000000000000000000000ff>";
    let id = "/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]";
    pdf_of(&[], &format!("/Encrypt<</Filter/Standard/V 1/R 2/P -4/O{key}/U{key}>>{id}"))
}

/// `bytes` so many times, deflated (zlib). Each time is packed on its own, so it is packed only once here.
fn deflated(bytes: &[u8], times: usize) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut packed = Vec::with_capacity(bytes.len() + 1_024);
    compress.compress_vec(bytes, &mut packed, FlushCompress::Full).unwrap();
    assert_eq!(compress.total_in() as usize, bytes.len(), "it fits");
    let mut stream = vec![0x78, 0x9C];
    stream.extend(packed.repeat(times));
    // An empty last block. Readers of PDFs do not insist on the checksum.
    stream.extend([0x03, 0x00]);
    stream
}

fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
