//! The files of a .zip archive.
//!
//! An archive is the one input that can be small and become huge, or name a file outside itself, so every entry is
//! checked by its directory record first and read no further than the limits say, whatever the record claims.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::path::Path;

use zip::ZipArchive;
use zip::read::ZipFile;

use crate::knowledge::import::ImportError;
use crate::knowledge::import::ImportReport;
use crate::knowledge::import::source::Allowance;
use crate::knowledge::import::source::Limits;
use crate::knowledge::import::source::SourceFile;
use crate::knowledge::import::source::composed;
use crate::knowledge::import::source::is_litter;

/// Every file of the archive at `path`, ordered by name.
///
/// # Errors
/// When the archive cannot be read or is too large.
pub(super) fn zip(
    path: &Path,
    limits: Limits,
    report: &mut ImportReport,
) -> Result<Vec<SourceFile<'static>>, ImportError> {
    let file = File::open(path).map_err(|source| ImportError::Unreadable { path: path.to_owned(), source })?;
    let broken = |source| ImportError::BrokenArchive { path: path.to_owned(), source };
    entries(BufReader::new(file), limits, report, &broken)
}

fn entries(
    reader: impl Read + Seek,
    limits: Limits,
    report: &mut ImportReport,
    broken: &dyn Fn(zip::result::ZipError) -> ImportError,
) -> Result<Vec<SourceFile<'static>>, ImportError> {
    let mut archive = ZipArchive::new(reader).map_err(broken)?;
    let mut allowance = Allowance::new(limits);
    let mut files = Vec::new();
    for index in 0..archive.len() {
        // The raw entry tells name, kind and encryption without starting to unpack.
        let entry = archive.by_index_raw(index).map_err(broken)?;
        if entry.is_dir() {
            continue;
        }
        let name = match plain_name(entry.name_raw()) {
            Ok(name) if name.split('/').any(is_litter) => continue,
            Ok(name) => name,
            Err(found) => {
                let shown = String::from_utf8_lossy(entry.name_raw()).into_owned();
                report.refuse_file(&shown, None, found, "pack the folder again with names in UTF-8 and without '..'");
                continue;
            }
        };
        allowance.count_file()?;
        if let Some((found, remedy)) = refusal(&entry, limits) {
            report.refuse_file(&name, None, found, remedy);
            continue;
        }
        drop(entry);
        let entry = archive.by_index(index).map_err(broken)?;
        if let Some(bytes) = allowance.read(&name, entry, report)? {
            files.push(SourceFile { name, bytes: Cow::Owned(bytes) });
        }
    }
    strip_common_folder(&mut files);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// The entry's name as a plain relative path, or what is wrong with it.
fn plain_name(raw: &[u8]) -> Result<String, &'static str> {
    let name = str::from_utf8(raw).map_err(|_| "the file's name is not UTF-8")?;
    if name.contains(['\\', '\0', ':']) || name.starts_with('/') {
        return Err("the file's name is not a relative path");
    }
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("the file's name leads out of the archive");
    }
    Ok(composed(name))
}

/// Why an entry is not even opened.
fn refusal<R: Read>(entry: &ZipFile<'_, R>, limits: Limits) -> Option<(&'static str, String)> {
    const KIND_MASK: u32 = 0o170_000;
    const REGULAR_FILE: u32 = 0o100_000;
    // Below this size no ratio does harm, and a short file of one repeated letter packs very well.
    const RATIO_EXEMPT_BYTES: u64 = 1 << 20;

    let kind = entry.unix_mode().map_or(0, |mode| mode & KIND_MASK);
    if entry.is_symlink() || (kind != 0 && kind != REGULAR_FILE) {
        return Some(("it is a link or a device", "put the file itself into the archive".into()));
    }
    if entry.encrypted() {
        return Some(("it is protected by a password", "pack the folder again without a password".into()));
    }
    if entry.size() > limits.file_bytes_max {
        let mib = limits.file_bytes_max >> 20;
        return Some(("the file is too large", format!("{mib} MiB at most (file_bytes_max)")));
    }
    let allowed = entry.compressed_size().saturating_mul(limits.archive_ratio_max);
    if entry.size() > RATIO_EXEMPT_BYTES && entry.size() > allowed {
        let times = limits.archive_ratio_max;
        let remedy = format!("{times} times at most (archive_ratio_max)");
        return Some(("it unpacks to many times its size", remedy));
    }
    None
}

/// Archives are often made of the folder rather than of what is in it.
fn strip_common_folder(files: &mut [SourceFile<'_>]) {
    let Some(folder) = files.iter().find_map(|file| file.name.strip_suffix("/pack.toml")) else {
        return;
    };
    let prefix = format!("{folder}/");
    if files.iter().all(|file| file.name.starts_with(&prefix)) {
        for file in files {
            file.name.drain(..prefix.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn read(bytes: Vec<u8>, limits: Limits) -> (Result<Vec<SourceFile<'static>>, ImportError>, ImportReport) {
        let mut report = ImportReport::default();
        let broken = |source| ImportError::BrokenArchive { path: "a.zip".into(), source };
        (entries(Cursor::new(bytes), limits, &mut report, &broken), report)
    }

    #[test]
    fn the_folder_around_the_pack_and_desktop_litter_are_left_out() {
        let bytes = archive(&[
            ("팩/pack.toml", b"x"),
            ("팩/documents/a.md", b"y"),
            ("팩/.DS_Store", b"z"),
            ("__MACOSX/팩/._pack.toml", b"z"),
        ]);
        let (files, report) = read(bytes, Limits::default());
        let names: Vec<_> = files.unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["documents/a.md", "pack.toml"]);
        assert_eq!(report.problems, []);
    }

    #[test]
    fn names_that_lead_out_of_the_archive_are_refused() {
        for name in ["../evil.md", "documents/../../evil.md", "/etc/passwd", "a//b", "C:/x", "a\\b", "./a"] {
            assert!(plain_name(name.as_bytes()).is_err(), "{name}");
        }
        // 가 in CP949, as an archive made by an old Windows tool names it.
        assert_eq!(plain_name(b"\xB0\xA1.md"), Err("the file's name is not UTF-8"));
        assert_eq!(plain_name("documents/가.md".as_bytes()).as_deref(), Ok("documents/가.md"));
    }

    #[test]
    fn bombs_and_links_are_refused() {
        let bomb = vec![b'a'; 4 << 20];
        let (files, report) = read(archive(&[("bomb.md", &bomb)]), Limits::default());
        assert!(files.unwrap().is_empty());
        assert_eq!(report.problems[0].found, "it unpacks to many times its size");

        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("a.md", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let (files, report) = read(writer.finish().unwrap().into_inner(), Limits::default());
        assert!(files.unwrap().is_empty());
        assert_eq!(report.problems[0].found, "it is a link or a device");
    }

    #[test]
    fn too_many_files_and_broken_archives_end_the_import() {
        let limits = Limits { files_max: 1, ..Limits::default() };
        let (files, _) = read(archive(&[("a", b""), ("b", b"")]), limits);
        assert!(matches!(files, Err(ImportError::TooLarge { .. })));

        let whole = archive(&[("pack.toml", b"name = 1"), ("documents/a.md", b"text")]);
        for length in 0..whole.len() {
            let (files, _) = read(whole[..length].to_vec(), Limits::default());
            assert!(files.is_err(), "cut to {length} bytes");
        }
        // One changed byte is either harmless or an error, never a panic.
        for position in 0..whole.len() {
            let mut changed = whole.clone();
            changed[position] ^= 0xFF;
            let _outcome = read(changed, Limits::default());
        }
    }
}
