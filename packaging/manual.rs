//! Writes the man pages and the shells' completions of the program's own command line into a folder:
//! `cargo run --example manual -- FOLDER`. An example, so that none of it is in the program.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use bank_aicc::cli;
use clap_complete::Shell;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("say which folder to write to")?);
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&man)?;
    fs::create_dir_all(&completions)?;
    clap_mangen::generate_to(cli::command(), &man)?;
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        let file = clap_complete::generate_to(shell, &mut cli::command(), "bank-aicc", &completions)?;
        if shell == Shell::Bash {
            fs::write(&file, mended(&fs::read_to_string(&file)?)?)?;
        }
    }
    Ok(())
}

/// clap_complete 4.6 names a subcommand in one way where it finds it and in another where it completes it, if the program's name has a
/// hyphen: nothing was completed behind the first word.
///
/// # Errors
/// When the two still differ.
fn mended(script: &str) -> Result<String, String> {
    let script = script.replace("bank__subcmd__aicc__subcmd__", "bank__aicc__subcmd__");
    let found = script.lines().filter_map(|line| line.trim().strip_prefix("cmd=\"")?.strip_suffix('"'));
    let mut found = found.filter(|name| !name.is_empty());
    let is_known = |name: &str| script.lines().any(|line| line.trim().strip_suffix(')') == Some(name));
    match found.find(|name| !is_known(name)) {
        Some(name) => Err(format!("the completions for bash find {name} and do not complete it")),
        None => Ok(script),
    }
}
