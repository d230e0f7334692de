//! Takes a process along when the test process ends, however it ends.

use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

/// Reads until the test process is gone, then kills the process and removes its folder.
const SCRIPT: &str = r#"cat >/dev/null; [ -z "$1" ] || kill -KILL "$1" 2>/dev/null; [ -z "$2" ] || rm -rf -- "$2""#;

/// A shell that holds one end of a pipe; the test process holds the other. A crash, `kill -9` and a plain end all
/// close the pipe.
pub struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Watches over a process and, perhaps, the folder it writes to.
    pub fn over(process_id: u32, folder: Option<&Path>) -> Self {
        Self::start(&process_id.to_string(), folder.unwrap_or(Path::new("")))
    }

    /// Watches over a folder alone.
    pub fn over_folder(folder: &Path) -> Self {
        Self::start("", folder)
    }

    /// The process has ended and was waited for; its number may soon be another's.
    pub fn dismiss(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }

    fn start(process_id: &str, folder: &Path) -> Self {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "watchdog", process_id])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        Self { shell }
    }
}
