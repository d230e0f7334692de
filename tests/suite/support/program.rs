//! The built program in a process of its own.

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::os::fd::AsFd as _;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Output;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use command_fds::CommandFdExt as _;
use command_fds::FdMapping;

use super::Http;
use super::PATIENCE;
use super::watchdog::Watchdog;

/// The built program's file.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_bank-aicc");

/// A running `bank-aicc`. Dropped, it is killed.
pub struct Program {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    watchdog: Watchdog,
}

impl Program {
    /// Runs a command that ends by itself.
    pub fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        command(arguments, environment).output().expect("the program runs")
    }

    /// Runs a shell script to its end, in which `$program` is the program; `parameters` are its `$1`, `$2`, ….
    pub fn run_script(script: &str, parameters: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut shell = clean("sh");
        shell.args(["-c", script, "sh"]).args(parameters).env("program", PROGRAM);
        shell.envs(environment.iter().copied()).output().expect("a shell")
    }

    /// Starts one that goes on.
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::spawn(&mut command(arguments, environment))
    }

    /// Starts one through a shell script that ends in `exec "$0" …`; `parameters` are the script's `$1`, `$2`, ….
    pub fn start_through(script: &str, parameters: &[&str]) -> Self {
        let mut shell = clean("sh");
        shell.args(["-c", script, PROGRAM]).args(parameters);
        Self::spawn(&mut shell)
    }

    /// Starts one with a listening socket, as a service manager does.
    pub fn start_with_socket(socket: &TcpListener, arguments: &[&str]) -> Self {
        Self::with_socket(clean("sh"), socket, "", arguments)
    }

    /// The same with more in its environment.
    pub fn start_with_socket_and(socket: &TcpListener, environment: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut shell = clean("sh");
        shell.envs(environment.iter().copied());
        Self::with_socket(shell, socket, "", arguments)
    }

    /// The same in a network of its own, which has nothing but a loopback device.
    pub fn start_in_closed_network(socket: &TcpListener, arguments: &[&str]) -> Self {
        let mut apart = clean("unshare");
        apart.args(["--net", "--map-root-user", "sh"]);
        Self::with_socket(apart, socket, "ip link set lo up; ", arguments)
    }

    /// `shell` is the command of a shell, which runs `first` before the program.
    fn with_socket(mut shell: Command, socket: &TcpListener, first: &str, arguments: &[&str]) -> Self {
        const FIRST_DESCRIPTOR: i32 = 3;
        let script = format!("{first}LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"");
        shell.args(["-c", &script, PROGRAM]).args(arguments);
        let parent_fd = socket.as_fd().try_clone_to_owned().expect("the socket");
        shell.fd_mappings(vec![FdMapping { parent_fd, child_fd: FIRST_DESCRIPTOR }]).expect("one descriptor");
        Self::spawn(&mut shell)
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the program starts");
        let watchdog = Watchdog::over(child.id(), None);
        let stdout = lines(child.stdout.take().expect("its standard output"));
        let stderr = lines(child.stderr.take().expect("its standard error"));
        Self { child, stdout, stderr, watchdog }
    }

    /// The number of its process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of its log.
    pub fn log_line(&self) -> String {
        self.stderr.recv_timeout(PATIENCE).expect("a line on standard error")
    }

    /// The next line of its log that holds this.
    pub fn logged(&self, text: &str) -> String {
        loop {
            let line = self.stderr.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("a line with {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The next line it prints that holds this.
    pub fn printed(&self, text: &str) -> String {
        loop {
            let line = self.stdout.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("a line with {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Where it listens, from its log.
    pub fn address(&self) -> SocketAddr {
        self.listens_on("http")
    }

    /// Where it answers customers, as soon as it can.
    pub async fn ready(&self) -> Http {
        let http = Http::at(self.address());
        http.until_ready().await;
        http
    }

    /// Where it listens for HTTPS; its plain listeners come first.
    pub fn tls_address(&self) -> SocketAddr {
        self.listens_on("https")
    }

    fn listens_on(&self, scheme: &str) -> SocketAddr {
        let listening = format!("listening on {scheme}://");
        let line = self.logged(&listening);
        let (_, url) = line.split_once(&listening).unwrap_or_else(|| panic!("an address: {line}"));
        let end = url.find(|c: char| !c.is_ascii_digit() && !".:[]".contains(c)).unwrap_or(url.len());
        url[..end].parse().unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Sends it a signal: `TERM`, `KILL`, `STOP`.
    pub fn signal(&self, signal: &str) {
        let done = Command::new("sh").args(["-c", &format!("kill -{signal} {}", self.child.id())]).status();
        assert!(done.expect("a shell").success(), "kill -{signal}");
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_none()
    }

    /// Waits for its end; how it ended, and what it still logged.
    pub fn ended(&mut self) -> (ExitStatus, Vec<String>) {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                break status;
            }
            assert!(Instant::now() < deadline, "the program does not end");
            thread::sleep(Duration::from_millis(10));
        };
        self.watchdog.dismiss();
        (status, self.stderr.iter().collect())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.watchdog.dismiss();
    }
}

fn command(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = clean(PROGRAM);
    command.args(arguments).envs(environment.iter().copied());
    command
}

/// With no setting from the developer's own environment.
fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for kept in ["PATH", "HOME", "TMPDIR"] {
        command.envs(std::env::var_os(kept).map(|value| (kept, value)));
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Reads a stream on a thread of its own, so that the program never waits for us.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver): (Sender<String>, _) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
