//! The command line: arguments go to `cli`, nothing else happens here.

/// A page is made of thousands of small texts that are gone a moment later: measured in docs/bench.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    zhihui::cli::main()
}
