//! What a backup says of itself: at its beginning what it is, at its end what it holds.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::store::DatabaseKind;

/// The one version of the format there is.
pub(super) const FORMAT: u32 = 1;
/// The first entry.
pub(super) const MANIFEST: &str = "manifest.json";
/// The last entry.
pub(super) const SUMS: &str = "sums.json";

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format.
    pub(super) format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When it was made, Unix milliseconds.
    pub made_at_ms: i64,
    /// What it was made of.
    pub database: DatabaseKind,
    /// The newest migration of its tables.
    pub schema: i64,
    /// Keys and paths of files that belong to the installation and are not in it.
    pub not_in_it: Vec<String>,
    /// Each table with its columns.
    pub(super) tables: BTreeMap<String, Vec<String>>,
}

/// What every later format has to say, too.
#[derive(Debug, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    pub(super) program: String,
}

/// What a backup holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sums {
    /// In the order of the file.
    pub(super) entries: Vec<Sum>,
    /// How many rows each table has.
    pub(super) rows: BTreeMap<String, u64>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}
