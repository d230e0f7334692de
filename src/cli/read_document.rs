//! `bank-aicc read-document`: the process in which an import reads one untrusted document.

use std::io;

use crate::cli::Failure;
use crate::knowledge::import;
use crate::knowledge::import::Format;

/// What the parent says of the document.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Its format, as an extension
    #[arg(value_parser = format)]
    format: Format,
    /// Bytes of address space this process may use
    memory_bytes_max: u64,
    /// Seconds of processor time it may use
    seconds_max: u64,
}

fn format(extension: &str) -> Result<Format, String> {
    Format::of(extension).ok_or_else(|| "this is not the extension of a format that is read here".to_owned())
}

/// Reads standard input and answers on standard output.
pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { format, memory_bytes_max, seconds_max } = *arguments;
    import::read_as_child(format, memory_bytes_max, seconds_max, &mut io::stdin(), &mut io::stdout())
        .map_err(anyhow::Error::from)?;
    Ok(())
}
