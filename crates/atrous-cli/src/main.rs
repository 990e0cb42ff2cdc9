//! The process of the `atrous` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    atrous_cli::main()
}
