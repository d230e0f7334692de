//! Builds the web screens into `$OUT_DIR/web`, from where they are embedded, and packs the other files that the program carries.
//!
//! npm runs only when the screens' sources changed, and installs only when the lock file did. Two variables change
//! that: `BANK_AICC_WEB_DIST=<folder>` takes screens that were built elsewhere, `BANK_AICC_SKIP_WEB=1` embeds a
//! one-line page, for checks that need no screens.

use std::env;
use std::error::Error;
use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// What the screens are built from. A folder is watched with everything in it.
const SOURCES: [&str; 10] = [
    "web/package.json",
    "web/package-lock.json",
    "web/.npmrc",
    "web/index.html",
    "web/vite.config.ts",
    "web/tsconfig.json",
    "web/tsconfig.node.json",
    "web/scripts",
    "web/src",
    "web/public",
];
/// The reference of all settings, for the guide, and what the program is made of, for `bank-aicc sbom`.
const PAPERS: [&str; 2] = ["config.toml", "packaging/parts.csv"];
const PLACEHOLDER: &str = "<!doctype html><meta charset=\"utf-8\"><title>bank-aicc</title>\
    <p>This program was built without its web screens (BANK_AICC_SKIP_WEB).</p>\n";

fn main() {
    println!("cargo::rerun-if-env-changed=BANK_AICC_WEB_DIST");
    println!("cargo::rerun-if-env-changed=BANK_AICC_SKIP_WEB");
    println!("cargo::rerun-if-changed=migrations");
    for source in ["src/nlu/act", "packaging/demo-pack", "docs/guide"].into_iter().chain(PAPERS) {
        println!("cargo::rerun-if-changed={source}");
    }
    for source in SOURCES.iter().filter(|source| Path::new(source).exists()) {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rustc-env=BANK_AICC_BUILT_UNIX={}", built_unix());
    make_small();
    if let Err(error) = pack_all() {
        println!("cargo::error=packing what the program carries: {error}");
    }
    if let Err(error) = run() {
        println!("cargo::error={error}");
    }
}

/// Links a release so that it takes less room: relocations packed (2 MiB less; glibc 2.36 reads them), and functions that came out
/// the same only once (0.5 MiB).
fn make_small() {
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|found| found == value);
    // Where rustc links with its own lld; other linkers may not know these.
    let is_known = is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu");
    if is_known && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
    }
}

/// Packs files into `$OUT_DIR/NAME.tar.deflate`, under their paths below `folder`, in the same bytes whenever it is done.
fn pack(name: &str, folder: &str, mut files: Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    files.sort();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);
    let out = File::create(out.join(format!("{name}.tar.deflate")))?;
    let mut archive = tar::Builder::new(DeflateEncoder::new(out, Compression::best()));
    for path in files {
        let content = fs::read(&path)?;
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path.strip_prefix(folder)?, content.as_slice())?;
    }
    archive.into_inner()?.finish()?;
    Ok(())
}

/// The files of a folder and those below it.
fn files_of(folder: &str) -> std::io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![PathBuf::from(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    Ok(files)
}

/// Packs what the program carries beside its screens.
fn pack_all() -> Result<(), Box<dyn Error>> {
    let texts_of_acts =
        files_of("src/nlu/act")?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "txt"));
    pack("acts", "src/nlu/act", texts_of_acts.collect())?;
    pack("demo-pack", "packaging/demo-pack", files_of("packaging/demo-pack")?)?;
    pack("guide", "docs/guide", files_of("docs/guide")?)?;
    pack("papers", "", PAPERS.map(PathBuf::from).to_vec())
}

/// When this build was made, in seconds since the Unix epoch: a clock that shows less is wrong. `SOURCE_DATE_EPOCH` makes
/// two builds of one source the same.
fn built_unix() -> u64 {
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let given = env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

fn run() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?).join("web");
    if env::var_os("BANK_AICC_SKIP_WEB").is_some_and(|value| value != "0") {
        empty(&out)?;
        fs::write(out.join("index.html"), PLACEHOLDER)?;
        return Ok(());
    }
    if let Some(dist) = env::var_os("BANK_AICC_WEB_DIST") {
        println!("cargo::rerun-if-changed={}", Path::new(&dist).display());
        empty(&out)?;
        copy(Path::new(&dist), &out).map_err(|error| format!("copying BANK_AICC_WEB_DIST: {error}"))?;
        return Ok(());
    }
    build(&out)
}

/// Installs the packages if the lock file changed, builds, and compresses.
fn build(out: &Path) -> Result<(), Box<dyn Error>> {
    if run_quietly(Command::new("node").arg("--version")).is_err() {
        return Err("Node.js is needed to build the web screens, and `node` was not found. Install Node 20 or later; \
                    or set BANK_AICC_WEB_DIST to screens built elsewhere; or set BANK_AICC_SKIP_WEB=1 to build \
                    without screens."
            .into());
    }
    let web = Path::new("web").canonicalize()?;
    let modules = web.join("node_modules");
    fs::create_dir_all(&modules)?;
    // A debug and a release build may run at once.
    let turn = File::create(modules.join(".bank-aicc.lock"))?;
    turn.lock()?;
    let (lock_file, installed) = (web.join("package-lock.json"), modules.join(".bank-aicc.installed.json"));
    if fs::read(&lock_file)? != fs::read(&installed).unwrap_or_default() {
        run_quietly(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&web))
            .map_err(|error| format!("installing the web screens' packages with `npm ci` failed: {error}"))?;
        fs::copy(&lock_file, &installed)?;
    }
    run_quietly(
        Command::new("node")
            .args(["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--emptyOutDir", "--outDir"])
            .arg(out)
            .current_dir(&web),
    )
    .map_err(|error| format!("building the web screens failed: {error}"))?;
    run_quietly(Command::new("node").arg("scripts/compress.mjs").arg(out).current_dir(&web))
        .map_err(|error| format!("compressing the web screens failed: {error}"))?;
    Ok(())
}

/// Runs a command; what it printed becomes the error if it fails.
fn run_quietly(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    for line in [output.stdout, output.stderr]
        .iter()
        .flat_map(|text| String::from_utf8_lossy(text).lines().map(str::to_owned).collect::<Vec<_>>())
    {
        println!("cargo::warning={line}");
    }
    Err(output.status.to_string())
}

fn empty(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
