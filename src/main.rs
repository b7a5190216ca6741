//! The command line: arguments go to `cli`, nothing else happens here.

fn main() -> std::process::ExitCode {
    zhihui::cli::main()
}
