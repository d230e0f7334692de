//! A full disk.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::PathBuf;

/// Fills a disk up with one file, and gives all of it back when dropped.
pub struct Ballast {
    file: PathBuf,
}

impl Ballast {
    /// Takes whatever is left on the disk that `file` is to be on.
    pub fn fill(file: PathBuf) -> Self {
        let mut ballast = fs::File::create(&file).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            let block = vec![0; size];
            let full = loop {
                if let Err(error) = ballast.write_all(&block) {
                    break error;
                }
            };
            assert_eq!(full.kind(), io::ErrorKind::StorageFull, "{}: {full}", file.display());
        }
        Self { file }
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        // Without its disk, the file is gone as well.
        let _ = fs::remove_file(&self.file);
    }
}
