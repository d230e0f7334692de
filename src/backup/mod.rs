//! Copies of everything in one file, made while the server runs, and put back.
//!
//! A backup is a tar archive, compressed with Zstandard: first `manifest.json`, then every row of every table as JSON, then
//! certificates and configuration, last `sums.json` with the SHA-256 of each of them. Rows, not files of a database, so
//! that one made of MariaDB can be looked at in a SQLite file, and one made by an earlier version fits a later one. The whole may
//! be encrypted to a public key.
//!
//! Invariants: a backup gets its name only when it was read again and found complete, or, encrypted, as it was written. Nothing that is there is touched
//! before the whole of a backup was read and found good, and then it is moved aside, not removed.
//!
//! Everything here blocks; call it from a thread that may.

mod archive;
mod contents;
mod create;
mod encryption;
mod error;
mod files;
mod folder;
mod manifest;
mod restore;
mod source;

pub use contents::Verified;
pub use contents::verify;
pub use create::Made;
pub use create::Wish;
pub use create::create;
pub use create::create_in;
pub use create::try_folder;
pub use create::write_to;
pub use encryption::Identity;
pub use encryption::Recipient;
pub use error::BackupError;
pub use folder::Found;
pub use folder::list;
pub use folder::newest;
pub use folder::retain;
pub use manifest::Manifest;
pub use restore::Destination;
pub use restore::Restored;
pub use restore::restore;
pub use source::Source;

/// Is told how far it is: bytes done, and bytes in all as far as that is known.
pub type Progress<'p> = &'p mut dyn FnMut(u64, u64);
