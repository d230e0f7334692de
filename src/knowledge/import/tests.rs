//! Whole packs, good and bad.

use std::fs;

use super::*;

/// The smallest good pack.
const FILES: [(&str, &str); 8] = [
    ("pack.toml", "name = '가온은행'\nlanguage = 'ko'\ngreeting = '안녕하세요.'\n"),
    (
        "categories.toml",
        "[[category]]\nname = '대출 금리'\ndomain = 'LOAN'\npolicy = 'ask'\nrequired_slots = ['금액']\n",
    ),
    (
        "slots.toml",
        "[[slot]]\nname = '금액'\nlabel = '금액'\nquestion = '얼마인가요?'\npattern = '[0-9]+'\nexamples = ['100']\n",
    ),
    ("utterances.csv", "category,utterance\n대출 금리,금리 알려줘\n"),
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
    let cases: [(&str, &str, &str); 19] = [
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
fn a_pack_without_readable_documents_is_refused() {
    let problems = problems(&[("documents/faq.csv", ""), ("documents/loan/금리.md", ""), ("tests.csv", "")]);
    assert_eq!(
        problems,
        ["documents/: there is no document that can be read: add .md, .docx, .pdf, .hwpx, .hwp or .csv files"]
    );
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
