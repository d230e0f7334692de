//! The house rules that a compiler does not check: rooms use only lower floors, imports are written one a line, and
//! files stay readable.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// The floors of `ARCHITECTURE.md`, ground floor first.
const FLOORS: [&[&str]; 9] = [
    &["config", "domain"],
    &["authorities", "text", "clock", "packed", "telemetry"],
    &["edge", "llm", "store", "realtime"],
    &["backup", "knowledge", "nlu"],
    &["desk"],
    &["chat"],
    &["api"],
    &["server", "ops", "eval"],
    &["cli"],
];
/// Beyond this a file hides a second noun.
const LINES_MAX: usize = 500;

#[test]
fn rooms_use_only_lower_floors() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        let Some(room) = room_of(&path) else { continue };
        let floor = floor_of(&room).unwrap_or_else(|| panic!("{room} stands on no floor of tests/suite/tidy.rs"));
        for (number, line) in text.lines().enumerate() {
            for used in line.split("crate::").skip(1).filter_map(|rest| rest.split(|c: char| !is_name(c)).next()) {
                let is_upward = used != room && floor_of(used).is_some_and(|used| used >= floor);
                if is_upward {
                    wrong.push(format!("{}:{}: {room} uses {used}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "a room uses a room that is not on a lower floor:\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_one_a_line() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src") {
        for (number, line) in text.lines().enumerate() {
            let is_import = line.trim_start().starts_with("use ") || line.trim_start().starts_with("pub use ");
            if (is_import && line.contains("crate::{")) || line.contains("super::super") {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "write one `use crate::room::Thing;` a line:\n{}", wrong.join("\n"));
}

#[test]
fn files_have_one_noun_and_say_what_it_is() {
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src").into_iter().chain(rust_files("tests")) {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{}: {lines} lines", path.display()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: does not begin with a module doc", path.display()));
        }
    }
    assert!(wrong.is_empty(), "look for the second noun:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_unfinished_is_in_the_tree() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("unimplemented", "!"), concat!("to", "do!")];
    let mut wrong = Vec::new();
    for (path, text) in rust_files("src").into_iter().chain(rust_files("tests")) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
        {
            wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
        }
    }
    assert!(wrong.is_empty(), "an issue, not a mark in the code:\n{}", wrong.join("\n"));
}

#[test]
fn migrations_come_in_pairs() {
    let names = |folder: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("mariadb"));
}

fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources under {folder}");
    found.sort();
    found
}

/// The room a source belongs to; `None` for the crate's own two files.
fn room_of(path: &Path) -> Option<String> {
    let name = path.components().nth(1)?.as_os_str().to_str()?;
    let room = name.strip_suffix(".rs").unwrap_or(name);
    (!matches!(room, "lib" | "main")).then(|| room.to_owned())
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
