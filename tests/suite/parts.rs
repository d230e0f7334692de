//! The list of what the program is made of: as the lock files say, and as the program prints it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::Program;

const LIST: &str = include_str!("../../packaging/parts.csv");

#[test]
fn the_list_is_what_the_lock_files_say() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/parts");
    let output = Command::new(script).env("CARGO", env!("CARGO")).output().unwrap();
    assert!(output.status.success(), "packaging/parts: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    let (printed, listed) = (lines(&printed), lines(LIST));
    let differing: Vec<&String> = printed.symmetric_difference(&listed).collect();
    assert!(differing.is_empty(), "write packaging/parts.csv anew (packaging/parts says how): {differing:#?}");
    // A list that is cut, or names nothing but itself, would be as its script says.
    for part in ["cargo,tokio,", "cargo,rustls,", "cargo,libsqlite3-sys,", "npm,react-dom,"] {
        assert!(listed.iter().any(|line| line.starts_with(part)), "{part}");
    }
    assert!(listed.iter().all(|line| line.splitn(4, ',').filter(|field| !field.is_empty()).count() == 4));
}

#[test]
fn the_program_prints_its_parts() {
    let output = Program::run(&["sbom"], &[]);
    assert!(output.status.success());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["bomFormat"], &document["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    assert_eq!(document["metadata"]["component"]["version"], env!("CARGO_PKG_VERSION"));
    let components = document["components"].as_array().unwrap();
    let printed: BTreeSet<String> = components
        .iter()
        .map(|part| {
            let text = |field: &str| part[field].as_str().unwrap();
            let licence = part["licenses"][0]["expression"].as_str().unwrap();
            let registry = text("purl").split(['/', ':']).nth(1).unwrap();
            assert_eq!(text("purl"), format!("pkg:{registry}/{}@{}", text("name"), text("version")));
            format!("{registry},{},{},{licence}", text("name"), text("version"))
        })
        .collect();
    assert_eq!(printed, LIST.lines().map(str::to_owned).collect());
}
