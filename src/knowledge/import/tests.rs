//! Whole packs, good and bad.

use std::fs;

use super::*;

/// The smallest good pack.
const FILES: [(&str, &str); 8] = [
    ("pack.toml", "name = '가온은행'\nlanguage = 'ko'\ngreeting = '안녕하세요.'\n"),
    (
        "categories.toml",
        "[[category]]\nname = '대출 금리'\ndomain = 'LOAN'\npolicy = 'ask'\nrequired_slots = ['금액']\n\
         [[category]]\nname = '대출 한도'\ndomain = 'LOAN'\npolicy = 'answer'\n",
    ),
    (
        "slots.toml",
        "[[slot]]\nname = '금액'\nlabel = '금액'\nquestion = '얼마인가요?'\npattern = '[0-9]+'\nexamples = ['100']\n",
    ),
    ("utterances.csv", "category,utterance\n대출 금리,금리 알려줘\n대출 한도,한도 알려줘\n"),
    (
        "documents/loan/금리.md",
        "---\ntitle: 금리 안내\ncategory: 대출 금리\n---\n연 4.62%입니다.\n\n| 가 |\n|---|\n| 나 |\n",
    ),
    ("documents/faq.csv", "question,answer,category\n되나요?,됩니다.,대출 금리\n"),
    ("tests.csv", "utterance,category,ticket,document\n금리요,대출 금리,AUTO_ANSWER,documents/loan/금리.md\n"),
    ("README.md", "설명"),
];

/// Reads [`FILES`] with some of them replaced or added; an empty text removes a file.
fn read_with(changes: &[(&str, &str)]) -> Result<(Pack, ImportReport), ImportError> {
    let kept = FILES.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let files = kept.chain(changes).filter(|(_, text)| !text.is_empty());
    read_embedded(files.map(|(name, text)| ((*name).to_owned(), Cow::Borrowed(text.as_bytes()))), &Readers::Here)
}

fn problems(changes: &[(&str, &str)]) -> Vec<String> {
    match read_with(changes) {
        Err(ImportError::Refused(report)) => report.problems.iter().map(ToString::to_string).collect(),
        Err(other) => vec![other.to_string()],
        Ok(_) => Vec::new(),
    }
}

#[test]
fn a_good_pack_is_read_from_folder_archive_and_memory_alike() {
    let (pack, report) = read_with(&[]).unwrap();
    assert_eq!(pack.documents.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["faq", "loan-금리"]);
    assert_eq!(pack.documents[1].domain, "LOAN");
    assert_eq!(pack.tests[0].documents, ["loan-금리"]);
    let file = report.files.iter().find(|file| file.file == "documents/loan/금리.md").unwrap();
    assert_eq!((file.sections, file.tables, file.faq_entries, &file.refused), (1, 1, 0, &None));

    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("pack.ZIP");
    let root = folder.path().join("pack");
    let mut writer = zip::ZipWriter::new(fs::File::create(&zip).unwrap());
    for (name, text) in FILES {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        writer.start_file(format!("pack/{name}"), zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, text.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(read(&root, &Readers::Here).unwrap(), (pack.clone(), report.clone()));
    assert_eq!(read(&zip, &Readers::Here).unwrap(), (pack, report));
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let cases: [(&str, &str, &str); 20] = [
        ("pack.toml", "", "pack.toml: the file is missing: every pack needs it"),
        ("pack.toml", "name = 1\n", "pack.toml:1: invalid type: integer `1`, expected a string"),
        ("categories.toml", "", "categories.toml: the file is missing"),
        ("utterances.csv", "", "utterances.csv: the file is missing"),
        ("slots.toml", "", "categories.toml: category '대출 금리' asks for slot '금액', which does not exist"),
        (
            "slots.toml",
            "[[slot]]\nname='금액'\nlabel='a'\nquestion='b'\npattern='('\n",
            "slots.toml: slot '금액': the pattern",
        ),
        (
            "slots.toml",
            "[[slot]]\nname='금액'\nlabel='a'\nquestion='b'\npattern='^[0-9]+$'\nexamples=['천원']\n",
            "slots.toml: slot '금액': its example '천원' does not fit its pattern",
        ),
        ("utterances.csv", "category,utterance\n카드,분실\n", "utterances.csv:2: the category '카드' does not exist"),
        (
            "utterances.csv",
            "category,utterance\n대출 금리,금리 알려줘\n",
            "utterances.csv: all utterances are of '대출 금리': add utterances of a second category",
        ),
        (
            "tests.csv",
            "utterance,category,ticket,document\n금리,,,b.md\n",
            "tests.csv:2: the document 'b.md' does not exist",
        ),
        (
            "documents/faq.csv",
            "question,answer,category\n가,나,다\n",
            "documents/faq.csv:2: the category '다' does not exist",
        ),
        ("documents/b.md", "---\ncategory: 없음\n---\n글", "documents/b.md: the category '없음' does not exist"),
        ("documents/b.md", "---\ndomain: NONE\n---\n글", "documents/b.md: the domain 'NONE' does not exist"),
        (
            "documents/b.md",
            "---\neffective_from: 2026-02-01\neffective_until: 2026-01-01\n---\n글",
            "documents/b.md: it ends (2026-01-01) before it begins (2026-02-01)",
        ),
        ("documents/FAQ.md", "글", "documents/faq.csv: its id 'faq' is also that of documents/FAQ.md"),
        ("documents/b.pdf", "%PDF-1.7", "documents/b.pdf: the document is damaged: it cannot be read as a PDF: "),
        ("documents/b.doc", "x", "documents/b.doc: .doc documents are not read: open it in the word processor"),
        ("documents/b.png", "x", "documents/b.png: .png is not a document format"),
        ("documents/v1.2/b", "x", "documents/v1.2/b: the file's name has no extension"),
        ("script.sh", "rm", "script.sh: this file is no part of a knowledge pack"),
    ];
    for (file, text, expected) in cases {
        let problems = problems(&[(file, text)]);
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{file} {text:?}: {problems:#?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let problems = problems(&[
        ("documents/a.docx", "PK"),
        ("utterances.csv", "category,utterance\n카드,분실\n보험,가입\n"),
        ("others.csv", "terms\n"),
    ]);
    assert_eq!(problems.len(), 4, "{problems:#?}");
}

#[test]
fn what_follows_from_a_file_that_cannot_be_read_is_not_reported() {
    for (changes, expected) in [
        (&[("categories.toml", "[[category]]\nnames = 'a'\n")][..], "categories.toml:2: unknown field `names`"),
        (&[("categories.toml", "")], "categories.toml: the file is missing: every pack needs it"),
        (&[("slots.toml", "[[slot]]\nlabel = \n")], "slots.toml:2: "),
        (
            &[("documents/loan/금리.md", ""), ("documents/loan/금리.docx", "PK")],
            "documents/loan/금리.docx: the file is not",
        ),
    ] {
        let test = ("tests.csv", "utterance,category,ticket,document\n금리요,대출 금리,,loan-금리\n");
        let problems = problems(&[changes, &[test]].concat());
        assert!(problems.len() == 1 && problems[0].starts_with(expected), "{changes:?}: {problems:#?}");
    }
}

#[test]
fn front_matter_is_read_with_mark_and_any_line_ends() {
    let text = "\u{feff}--- \r\ntitle: 안내 \r\ncategory: 대출 금리\r\n---\t\r\n본문입니다.\r\n";
    let (pack, _) = read_with(&[("documents/b.md", text)]).unwrap();
    let document = pack.documents.iter().find(|document| document.source == "b.md").unwrap();
    assert_eq!((document.title.as_str(), document.domain.as_str()), ("안내", "LOAN"));
}

/// [`FILES`] with these documents of binary formats, and a `documents.csv` with these rows.
fn with_documents(documents: &[(&str, &[u8])], rows: &str) -> Result<(Pack, ImportReport), ImportError> {
    let table = format!("file,title,category,domain,keywords,effective_from,effective_until\n{rows}");
    let texts = FILES.iter().copied().chain([("documents.csv", table.as_str())]);
    let texts = texts.map(|(name, text)| (name, text.as_bytes()));
    let files = texts.chain(documents.iter().copied());
    read_embedded(files.map(|(name, bytes)| (name.to_owned(), Cow::Borrowed(bytes))), &Readers::Here)
}

fn word(paragraphs: &[&str]) -> Vec<u8> {
    let body: String = paragraphs.iter().map(|text| format!("<p><r><t>{text}</t></r></p>")).collect();
    package::tests::archive(&[("word/document.xml", &format!("<document><body>{body}</body></document>"))])
}

#[test]
fn a_word_document_has_the_title_of_its_row_or_its_own_or_its_files() {
    let titled = ["1. 카드 이용 약관", "1.1 목적", "목적입니다.", "1.2 정의", "정의입니다."];
    let [titled, plain] = [word(&titled), word(&["글입니다."])];
    let documents = [("documents/a.docx", &titled[..]), ("documents/b_c.docx", &plain), ("documents/d.DOCX", &plain)];
    let rows = "d.DOCX,기업 대출,대출 금리,,한도;기업,2026-11-01,\nfaq.csv,자주 묻는 질문,,,,,\n";
    let (pack, report) = with_documents(&documents, rows).unwrap();
    let titles: Vec<_> = pack.documents.iter().map(|document| document.title.as_str()).collect();
    assert_eq!(titles, ["1. 카드 이용 약관", "b c", "기업 대출", "자주 묻는 질문", "금리 안내"]);
    let [.., grown, faq, _] = &pack.documents[..] else { panic!("{titles:?}") };
    assert_eq!((grown.domain.as_str(), &grown.keywords[..]), ("LOAN", &["한도".to_owned(), "기업".to_owned()][..]));
    assert_eq!(faq.category.as_deref(), Some("대출 금리"), "what the table itself says stays");
    let line = report.to_string().lines().find(|line| line.starts_with("documents/a.docx")).unwrap().to_owned();
    assert_eq!(line, "documents/a.docx: 35 characters, 2 sections");
}

#[test]
fn a_document_with_holes_is_refused_and_one_with_an_ornament_is_not() {
    let text = "가".repeat(95);
    for (lost, expected) in [(4, None), (6, Some("6.0% of its characters cannot be read, and 5% is the most"))] {
        let document = word(&[&format!("{text}{}", "\u{fffd}".repeat(lost))]);
        match with_documents(&[("documents/a.docx", &document)], "") {
            Ok((_, report)) => {
                assert_eq!(expected, None);
                assert!(report.to_string().contains("documents/a.docx: 99 characters, 1 section, 4.1% unreadable"));
            }
            Err(ImportError::Refused(report)) => assert_eq!(Some(report.problems[0].found.as_str()), expected),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_pack_whose_documents_take_too_long_is_given_up() {
    let document = word(&["글입니다."]);
    let files = [("documents/a.docx", &document), ("documents/b.docx", &document)];
    let files = files.map(|(name, bytes)| SourceFile { name: name.to_owned(), bytes: Cow::Borrowed(bytes) });
    let limits = Limits { documents_time_max: std::time::Duration::ZERO, ..Limits::default() };
    let Err(ImportError::Refused(report)) =
        assemble(&files, DocumentReader::new(&Readers::Here, limits), ImportReport::default())
    else {
        panic!("the pack has no tables")
    };
    let given_up = "the documents before it took more than 0 minutes (documents_time_max)";
    let found = |file: &str| report.problems.iter().find(|problem| problem.file == file).map(|problem| &*problem.found);
    assert_eq!((found("documents/a.docx"), found("documents/b.docx")), (None, Some(given_up)));
}

#[test]
fn a_pack_without_readable_documents_is_refused() {
    let problems = problems(&[("documents/faq.csv", ""), ("documents/loan/금리.md", ""), ("tests.csv", "")]);
    assert_eq!(problems, ["documents/: there is no document in it: add .md, .docx, .pdf, .hwpx, .hwp or .csv files"]);
    assert!(matches!(read_embedded(std::iter::empty(), &Readers::Here), Err(ImportError::Refused(_))));
}

#[test]
fn what_is_no_pack_at_all_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pack.tar");
    fs::write(&path, "x").unwrap();
    assert!(matches!(read(&path, &Readers::Here), Err(ImportError::NotAPack(_))));
    assert!(matches!(read(&folder.path().join("absent"), &Readers::Here), Err(ImportError::Unreadable { .. })));
    let zip = folder.path().join("pack.zip");
    fs::write(&zip, "not an archive").unwrap();
    assert!(matches!(read(&zip, &Readers::Here), Err(ImportError::BrokenArchive { .. })));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("documents/secret.md")).unwrap();
    std::os::unix::fs::symlink("/etc", folder.path().join("documents/etc")).unwrap();
    let Err(ImportError::Refused(report)) = read(folder.path(), &Readers::Here) else { panic!("a link was followed") };
    let found: Vec<_> = report.problems.iter().map(|problem| (problem.file.as_str(), problem.found.as_str())).collect();
    let reason = "it is a link or a device";
    assert_eq!(found, [("documents/etc", reason), ("documents/secret.md", reason)]);
}

#[test]
fn ids_are_stable_and_fit_a_url() {
    for (source, expected) in [
        ("loan/credit-loan.md", "loan-credit-loan"),
        ("카드/분실 신고.md", "카드-분실-신고"),
        ("a_b(1).v2.csv", "a-b-1-v2"),
        ("FAQ.csv", "faq"),
    ] {
        assert_eq!(slug(source), expected);
    }
}
