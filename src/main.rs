//! The `bank-aicc` program.

use std::process::ExitCode;

/// glibc keeps what thousands of closed connections have freed; mimalloc gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bank_aicc::cli::run()
}
