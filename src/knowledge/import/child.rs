//! Reading untrusted documents in a process of its own.
//!
//! A reader of a binary format meets files that make it panic, loop, or fill the memory. So the program starts itself
//! once for each such document (`bank-aicc read-document`), without its environment, the document as standard input and
//! a pipe as standard output, and waits no longer than [`Limits::document_time_max`]. The child limits itself before
//! it reads the first byte, says nothing but its answer, and may end in any way it likes: each has its words in the
//! report.

use std::fs;
use std::io;
use std::io::Read;
use std::io::Seek as _;
use std::io::Write;
use std::os::unix::process::CommandExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::Signal;

use crate::knowledge::import::Limits;
use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::format::Format;

/// The command of the program that is the child: `read-document FORMAT MEMORY_BYTES SECONDS`.
pub const COMMAND: &str = "read-document";

/// The only variable of the child's environment: mimalloc otherwise reserves 1 GiB of addresses at once, used or not, and
/// a limit on them would mean nothing. In KiB.
const ALLOCATOR_RESERVE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "65536");

/// The readers of binary formats, by where they run.
#[derive(Debug, Clone)]
pub enum Readers {
    /// In a child process, which this program, a `bank-aicc`, is started as.
    InChild {
        /// The program.
        program: PathBuf,
    },
    /// In this process. Only unit tests have no program at hand, so only they have this.
    #[cfg(test)]
    Here,
}

impl Readers {
    /// In a child that is this very program, even if its file has been replaced since.
    pub fn in_child() -> Self {
        Self::InChild { program: PathBuf::from("/proc/self/exe") }
    }

    /// Reads one document.
    ///
    /// # Errors
    /// Why the document is refused.
    pub(super) fn read(&self, format: Format, bytes: &[u8], limits: &Limits) -> Result<Extracted, Refusal> {
        match self {
            Self::InChild { program } => read_in_child(program, format, bytes, limits),
            #[cfg(test)]
            Self::Here => format.read(bytes),
        }
    }
}

/// Why the child did not answer.
#[derive(Debug)]
enum Failure {
    /// It was not done in time.
    TookTooLong,
    /// It was refused memory, or the kernel ended it because there was none left.
    NeededTooMuchMemory,
    /// Its answer was longer than allowed.
    SaidTooMuch,
    /// It panicked, crashed, or answered what is no answer.
    BrokeDown,
    /// It could not be started: no fault of the document.
    NotStarted(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::NotStarted(error)
    }
}

impl Failure {
    fn refusal(self, limits: &Limits) -> Refusal {
        let seconds = limits.document_time_max.as_secs();
        let simpler = "save it as .docx or .md, or split it into several documents";
        match self {
            Self::TookTooLong => Refusal::new(
                format!("reading it took too long and was given up after {seconds} seconds (document_time_max)"),
                simpler,
            ),
            Self::NeededTooMuchMemory => {
                let mib = limits.document_memory_max >> 20;
                Refusal::new(format!("reading it needs more memory than {mib} MiB (document_memory_max)"), simpler)
            }
            Self::SaidTooMuch => {
                let mib = limits.document_text_bytes_max >> 20;
                let found = format!("it holds more than {mib} MiB of text (document_text_bytes_max)");
                Refusal::new(found, "split it into several documents")
            }
            Self::BrokeDown => Refusal::new(
                "its reader broke down: the file is damaged or made in an unusual way",
                "open it in the word processor and save it again, or save it as .docx or .md",
            ),
            Self::NotStarted(error) => Refusal::new(
                format!("the process that reads it could not be started ({error})"),
                "see that the program may start processes and write to its temporary folder, then import again",
            ),
        }
    }
}

fn read_in_child(program: &Path, format: Format, bytes: &[u8], limits: &Limits) -> Result<Extracted, Refusal> {
    answer(program, format, bytes, limits).unwrap_or_else(|failure| Err(failure.refusal(limits)))
}

/// The child's answer, or why there is none.
fn answer(
    program: &Path,
    format: Format,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Result<Extracted, Refusal>, Failure> {
    let mut document = tempfile::tempfile()?;
    document.write_all(bytes)?;
    document.rewind()?;
    let mut child = Command::new(program)
        .arg0(env!("CARGO_PKG_NAME"))
        .args([COMMAND, format.extension()])
        .args([limits.document_memory_max.to_string(), whole_seconds(limits.document_time_max).to_string()])
        .env_clear()
        .env(ALLOCATOR_RESERVE.0, ALLOCATOR_RESERVE.1)
        .stdin(document)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let said = match listen(&mut child, limits.document_text_bytes_max) {
        // When the child ends, whatever the reason, its pipe does.
        Ok(said) => said.recv_timeout(limits.document_time_max),
        Err(error) => {
            end(&mut child)?;
            return Err(error.into());
        }
    };
    // It has said everything or is to say no more.
    let status = end(&mut child)?;
    let said = said.map_err(|_| Failure::TookTooLong)??;
    if said.len() as u64 > limits.document_text_bytes_max {
        return Err(Failure::SaidTooMuch);
    }
    postcard::from_bytes(&said).map_err(|_| failure_of(status))
}

/// Reads what the child says on a thread of its own, which ends with the pipe.
fn listen(child: &mut Child, bytes_max: u64) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (sender, receiver) = mpsc::channel();
    let pipe = child.stdout.take();
    thread::Builder::new().name("read-document".to_owned()).spawn(move || {
        let mut said = Vec::new();
        // One byte more than allowed tells an answer of exactly the limit from a longer one.
        let read = pipe.map_or(Ok(0), |pipe| pipe.take(bytes_max + 1).read_to_end(&mut said));
        // Nobody listens any more when the time is over.
        let _ = sender.send(read.map(|_| said));
    })?;
    Ok(receiver)
}

/// Ends the child if it has not ended; how it did.
fn end(child: &mut Child) -> io::Result<ExitStatus> {
    child.kill()?;
    child.wait()
}

/// What the end of a child that gave no answer means.
fn failure_of(status: ExitStatus) -> Failure {
    let is = |signal: Signal| status.signal() == Some(signal.as_raw());
    if is(Signal::XCPU) {
        Failure::TookTooLong
    } else if is(Signal::ABORT) || is(Signal::KILL) {
        // Rust aborts where memory is refused and where the stack ends; the kernel kills where there is none left.
        Failure::NeededTooMuchMemory
    } else {
        Failure::BrokeDown
    }
}

fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

/// The child's part: limits this process, reads the document from `input` and writes the answer to `output`.
///
/// # Errors
/// When a limit cannot be set, or `input` or `output` fail. Nobody reads why.
pub fn read_as_child(
    format: Format,
    memory_bytes_max: u64,
    seconds_max: u64,
    input: &mut impl Read,
    output: &mut impl Write,
) -> io::Result<()> {
    // A panic is an answer to the parent and no news to the log.
    std::panic::set_hook(Box::new(|_| {}));
    limit(memory_bytes_max, seconds_max)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let answer = postcard::to_stdvec(&format.read(&bytes)).map_err(io::Error::other)?;
    output.write_all(&answer)
}

/// Limits this process for good.
fn limit(memory_bytes_max: u64, seconds_max: u64) -> io::Result<()> {
    let to = |resource, current, maximum| {
        rustix::process::setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })
    };
    let memory = address_space()?.saturating_add(memory_bytes_max);
    to(Resource::As, memory, memory)?;
    // At the first number the process ends with a signal of its own, at the second with the one for everything.
    to(Resource::Cpu, seconds_max, seconds_max + 1)?;
    // Nobody waits for the answer to a parent that is gone.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    to(Resource::Core, 0, 0)?;
    to(Resource::Fsize, 0, 0)?;
    // If the machine's memory runs out all the same, this process goes and not the server. Not every system has it.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Bytes of address space this process has: its program, its stack, and what the allocator reserved.
fn address_space() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix("kB"));
    let kib: Option<u64> = size.and_then(|size| size.trim().parse().ok());
    kib.map(|kib| kib << 10).ok_or_else(|| io::Error::other("/proc/self/status has no VmSize"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an import is told when `program` is started as the child.
    fn refusal(program: &str, limits: &Limits) -> String {
        let readers = Readers::InChild { program: program.into() };
        readers.read(Format::Pdf, b"%PDF-1.7", limits).unwrap_err().found
    }

    #[test]
    fn a_child_that_does_not_answer_is_told_by_its_end() {
        let limits = Limits { document_text_bytes_max: 1 << 10, ..Limits::default() };
        for (program, expected) in [
            ("/nonexistent", "the process that reads it could not be started (No such file or directory (os error 2))"),
            ("true", "its reader broke down: the file is damaged or made in an unusual way"),
            ("false", "its reader broke down: the file is damaged or made in an unusual way"),
            // Repeats its arguments for ever.
            ("yes", "it holds more than 0 MiB of text (document_text_bytes_max)"),
        ] {
            assert_eq!(refusal(program, &limits), expected, "{program}");
        }
        let limits = Limits { document_time_max: Duration::ZERO, ..Limits::default() };
        let expected = "reading it took too long and was given up after 0 seconds (document_time_max)";
        assert_eq!(refusal("yes", &limits), expected);
    }

    #[test]
    fn every_end_has_its_words() {
        for (status, expected) in [
            (Signal::XCPU.as_raw(), "reading it took too long"),
            (Signal::ABORT.as_raw(), "reading it needs more memory than 1024 MiB (document_memory_max)"),
            (Signal::KILL.as_raw(), "reading it needs more memory"),
            (Signal::SEGV.as_raw(), "its reader broke down"),
            (101 << 8, "its reader broke down"),
        ] {
            let refusal = failure_of(ExitStatus::from_raw(status)).refusal(&Limits::default());
            assert!(refusal.found.starts_with(expected), "{status}: {}", refusal.found);
        }
    }
}
