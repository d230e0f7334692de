//! `bank-aicc mask`

use std::io::BufRead as _;
use std::io::BufWriter;
use std::io::ErrorKind;
use std::io::Write as _;

use anyhow::Context as _;

use crate::cli::Failure;
use crate::text::pii;

/// Copies standard input to standard output, masked. Lines need not be UTF-8; what is not is replaced.
pub(super) fn run() -> Result<(), Failure> {
    let mut output = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().split(b'\n') {
        let line = line.context("reading standard input")?;
        let masked = pii::mask(&String::from_utf8_lossy(&line));
        match writeln!(output, "{}", masked.as_str()) {
            // Whoever reads has read enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("writing standard output")?,
        }
    }
    output.flush().context("writing standard output")?;
    Ok(())
}
