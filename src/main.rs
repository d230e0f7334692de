//! The `bank-aicc` program.

use std::process::ExitCode;

/// glibc keeps what thousands of closed connections have freed; mimalloc gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // mimalloc asks for huge pages and some systems give them unasked; a server at rest then holds 30 MiB that nothing
    // uses, and no faster under load. Where the kernel cannot say no to them, that is all that is lost.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    bank_aicc::cli::run()
}
