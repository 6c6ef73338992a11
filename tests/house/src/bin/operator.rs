//! The program `escalator`, where the tests of this package find it.

use std::process::ExitCode;

fn main() -> ExitCode {
    escalator_cli::main()
}
