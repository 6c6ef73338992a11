//! The program `escalator`.

use std::process::ExitCode;

fn main() -> ExitCode {
    escalator_cli::main()
}
