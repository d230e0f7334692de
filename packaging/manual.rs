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
        clap_complete::generate_to(shell, &mut cli::command(), "bank-aicc", &completions)?;
    }
    Ok(())
}
