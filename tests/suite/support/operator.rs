//! The operator of an installation, at its command line.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;

use tempfile::TempDir;

use super::Program;
use super::Server;
use super::eventually;

/// Runs the program with the settings of a server, which may have ended meanwhile, and has a folder for backups.
pub struct Operator {
    environment: Vec<(String, String)>,
    folder: TempDir,
}

impl Operator {
    /// Of this server.
    pub fn of(server: &Server) -> Self {
        let folder = tempfile::Builder::new().prefix("bank-aicc-backups-").tempdir().unwrap();
        fs::write(folder.path().join("config.toml"), "# The bank's own.\nlog.level = \"warn\"\n").unwrap();
        Self { environment: server.environment(), folder }
    }

    /// With another setting on top.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.environment.push((format!("BANK_AICC__{}", key.to_uppercase().replace('.', "__")), value.to_owned()));
        self
    }

    /// A path in his folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command to its end; `verify` and `keygen` take no configuration.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let arguments: Vec<&str> = arguments.to_vec();
        let configuration = self.configuration();
        let is_without = arguments.contains(&"verify") || arguments.contains(&"keygen");
        let more: &[&str] = if is_without { &[] } else { &["--config", &configuration] };
        let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
        Program::run(&arguments, &self.environment())
    }

    /// The same where it has to go well; what it says.
    pub fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same where it has to fail; why it did.
    pub fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Makes a backup in a file of his folder.
    pub fn backs_up(&self, name: &str) -> PathBuf {
        let file = self.path(name);
        self.does(&["backup", "create", text(&file)]);
        file
    }

    /// Restores a backup as soon as whoever worked with the database is gone; what it says.
    pub async fn restores(&self, file: &Path) -> String {
        eventually("nobody works with the database", async || {
            let output = self.run(&["backup", "restore", text(file)]);
            let told = String::from_utf8(output.stderr).unwrap();
            let is_in_use = told.contains("stop it first") || told.contains("other connections");
            assert!(output.status.success() || is_in_use, "{told}");
            output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
        })
        .await
    }

    /// Starts a command that goes on, such as `serve`.
    pub fn starts(&self, arguments: &[&str]) -> Program {
        let configuration = self.configuration();
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--config", &configuration]).collect();
        Program::start(&arguments, &self.environment())
    }

    /// Runs a shell script that may use `$program`, `$config` and these parameters as `$1`, `$2`, ….
    pub fn scripts(&self, script: &str, parameters: &[&str]) -> Output {
        let configuration = self.configuration();
        let mut environment = self.environment();
        environment.push(("config", &configuration));
        Program::run_script(script, parameters, &environment)
    }

    /// His configuration's file.
    pub fn configuration(&self) -> String {
        text(&self.path("config.toml")).to_owned()
    }

    fn environment(&self) -> Vec<(&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
