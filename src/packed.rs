//! Files that the build script has packed into the program, which are mostly text and take a third of their room that way.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::DeflateDecoder;

/// A compressed archive of files.
#[derive(Debug, Clone, Copy)]
pub struct Packed(&'static [u8]);

macro_rules! packed {
    ($name:literal) => {
        Packed(include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".tar.deflate")))
    };
}

/// What people do with messages, a file for each act: `src/nlu/act`.
pub const ACTS: Packed = packed!("acts");
/// The demonstration's knowledge pack: `packaging/demo-pack`.
pub const DEMO_PACK: Packed = packed!("demo-pack");
/// The operators' guide, a folder for each language: `docs/guide`.
pub const GUIDE: Packed = packed!("guide");
/// `config.toml` and `packaging/parts.csv`.
pub const PAPERS: Packed = packed!("papers");

impl Packed {
    /// All of its files, by their paths.
    pub fn files(self) -> Vec<(String, Vec<u8>)> {
        let mut archive = tar::Archive::new(DeflateDecoder::new(self.0));
        let entries = archive.entries().into_iter().flatten();
        // What was packed can be unpacked; a test compares the two.
        let files = entries.filter_map(|entry| {
            let mut entry = entry.ok()?;
            let path = entry.path().ok()?.to_str()?.to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).ok()?;
            Some((path, content))
        });
        files.collect()
    }

    /// Those of its files that are text.
    pub fn texts(self) -> BTreeMap<String, String> {
        let texts =
            self.files().into_iter().filter_map(|(path, content)| Some((path, String::from_utf8(content).ok()?)));
        texts.collect()
    }

    /// One of its texts.
    pub fn text(self, path: &str) -> Option<String> {
        let (_, content) = self.files().into_iter().find(|(found, _)| found == path)?;
        String::from_utf8(content).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The paths of all files below a folder, in their order.
    fn below(folder: &Path, prefix: &str) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                found.extend(below(&entry.path(), &format!("{path}/")));
            } else {
                found.push(path);
            }
        }
        found.sort();
        found
    }

    #[test]
    fn files_come_out_as_they_went_in() {
        let archives = [(ACTS, "src/nlu/act"), (DEMO_PACK, "packaging/demo-pack"), (GUIDE, "docs/guide"), (PAPERS, "")];
        for (archive, folder) in archives {
            let mut packed: Vec<String> = Vec::new();
            for (path, content) in archive.files() {
                assert_eq!(content, fs::read(Path::new(folder).join(&path)).unwrap(), "{folder}/{path}");
                packed.push(path);
            }
            packed.sort();
            let is_packed = |path: &String| folder != "src/nlu/act" || path.ends_with(".txt");
            let expected: Vec<String> = match folder {
                "" => vec!["config.toml".to_owned(), "packaging/parts.csv".to_owned()],
                _ => below(Path::new(folder), "").into_iter().filter(is_packed).collect(),
            };
            assert_eq!(packed, expected);
        }
    }
}
