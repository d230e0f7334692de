//! What is typed badly is understood nearly as well as what is typed well: one set of messages for each way of typing,
//! every one beside the same message typed plainly, measured with `bank-aicc eval` on the demo's pack.
//!
//! The sets were written from the names of the categories alone, by somebody who knew neither the pack nor the program.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::Program;
use crate::support::copy_all;

const SETS: [&str; 6] = ["spaceless", "typos", "slang", "initials", "honorifics", "english"];
/// How many of a set's 40 messages may lose their category by being typed this way.
const LOST_MAX: usize = 4;
/// The share of all messages that may.
const LOST_SHARE_MAX: f64 = 0.03;
/// The share of the badly typed messages whose category is among the first three candidates.
const AMONG_THREE_MIN: f64 = 0.95;

struct Pair {
    category: String,
    plain: String,
    typed: String,
}

#[test]
fn each_way_of_typing_loses_little() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sets = SETS.map(|name| (name, pairs(root, name)));
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("pack");
    copy_all(&root.join("packaging/demo-pack"), &pack).unwrap();
    let mut tests = csv::Writer::from_path(pack.join("tests.csv")).unwrap();
    tests.write_record(["utterance", "category", "ticket", "document"]).unwrap();
    for pair in sets.iter().flat_map(|(_, pairs)| pairs) {
        for text in [&pair.plain, &pair.typed] {
            tests.write_record([text, &pair.category, "", ""]).unwrap();
        }
    }
    tests.flush().unwrap();
    let file = folder.path().join("outcomes.json");
    let [pack, file] = [&pack, &file].map(|path| path.to_str().unwrap());
    let ran = Program::run(&["eval", pack, "--folds", "0", "--format", "json", "--output", file], &[]);
    let measured = fs::read(file).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)));
    let measured: Value = serde_json::from_slice(&measured).unwrap();
    let guesses: HashMap<&str, Vec<&str>> = measured["outcomes"].as_array().unwrap().iter().map(guesses).collect();
    let (mut lost, mut all) = (0, 0);
    for (name, pairs) in &sets {
        let right = |text: &str, pair: &Pair| guesses[text].first() == Some(&pair.category.as_str());
        let plain = pairs.iter().filter(|pair| right(&pair.plain, pair)).count();
        let typed = pairs.iter().filter(|pair| right(&pair.typed, pair)).count();
        assert!(plain * 10 >= pairs.len() * 9, "{name}: only {plain} of {} are right when typed plainly", pairs.len());
        assert!(typed + LOST_MAX >= plain, "{name}: {plain} are right when typed plainly, {typed} as they stand");
        let among = pairs.iter().filter(|pair| guesses[pair.typed.as_str()].contains(&pair.category.as_str())).count();
        assert!(among as f64 >= AMONG_THREE_MIN * pairs.len() as f64, "{name}: {among} are among the first three");
        (lost, all) = (lost + plain.saturating_sub(typed), all + pairs.len());
    }
    assert!(lost as f64 <= LOST_SHARE_MAX * all as f64, "{lost} of {all} lose their category by how they are typed");
}

/// A question, and its categories, best first.
fn guesses(outcome: &Value) -> (&str, Vec<&str>) {
    let categories = outcome["categories"].as_array().unwrap().iter().map(|guess| guess[0].as_str().unwrap());
    (outcome["question"].as_str().unwrap(), categories.collect())
}

fn pairs(root: &Path, name: &str) -> Vec<Pair> {
    let file = root.join(format!("tests/fixtures/typing/{name}.csv"));
    let rows =
        csv::Reader::from_path(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).into_records();
    let cell = |row: &csv::StringRecord, place| row.get(place).unwrap().to_owned();
    rows.map(|row| row.unwrap())
        .map(|row| Pair { category: cell(&row, 0), plain: cell(&row, 1), typed: cell(&row, 2) })
        .collect()
}
