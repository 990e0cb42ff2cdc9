//! The `atrous` command: checks, builds and runs convolution specs.
//!
//! All IO of the project is here: files, pictures, the terminal. What reads files and draws messages is public for
//! fuzzing alone, and may change with any version.

mod args;
mod bench;
mod build;
mod check;
mod draw;
mod explain;
pub mod failure;
mod fmt;
mod matrix;
pub mod memory;
mod model;
mod output;
mod progress;
mod random;
pub mod report;
mod run;
mod shell;
mod slow;
pub mod source;
mod target;
pub mod tensors;
mod tune;
mod tuned;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, Deny};
use failure::{Failure, count};
use report::Report;

/// What the process does.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors of clap's as well; they go to standard output and exit with 0.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::Status::Usage as u8 } else { 0 });
        }
    };
    let mut report = Report::new(cli.message_format);
    let result = match &cli.command {
        Command::Check(args) => check::run(args, &mut report),
        Command::Build(args) => build::run(args, &mut report),
        Command::Draw(args) => draw::run(args, &mut report),
        Command::Matrix(args) => matrix::run(args, &mut report),
        Command::Run(args) => run::run(args, &mut report),
        Command::Explain(args) => explain::run(args, &mut report),
        Command::Bench(args) => bench::run(args, &mut report),
        Command::Tune(args) => tune::run(args, &mut report),
        Command::Fmt(args) => fmt::run(args, &mut report),
        Command::Completions(args) => shell::completions(args),
        Command::Man(args) => shell::man(args),
    };
    let status = match result {
        Ok(()) => 0,
        Err(failure) => {
            failure.messages.iter().for_each(|message| report.message(message));
            failure.status as u8
        }
    };
    report.finish();
    ExitCode::from(status)
}

/// Refuses to go on when there are warnings and they are denied.
fn deny(deny: &[Deny], report: &Report) -> Result<(), Failure> {
    match report.warnings() {
        number if number > 0 && deny.contains(&Deny::Warnings) => {
            Err(Failure::error(format!("{}, and warnings are denied", count(number, "warning"))))
        }
        _ => Ok(()),
    }
}
