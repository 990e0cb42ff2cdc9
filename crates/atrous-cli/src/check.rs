//! `check`: every error and warning of specs.

use atrous_compiler::front::{self, Sizes};
use serde_json::json;

use crate::args::CheckArgs;
use crate::failure::{Failure, quoted};
use crate::model;
use crate::report::Report;
use crate::source::{self, Source};

/// Checks all files, whatever is in the earlier ones.
pub fn run(args: &CheckArgs, report: &mut Report) -> Result<(), Failure> {
    let sizes = model::sizes(&args.sizes)?;
    source::check_stdin(&args.files)?;
    for file in &args.files {
        match Source::read(file) {
            Ok(source) => check(&source, &sizes, report),
            Err(failure) => failure.messages.iter().for_each(|message| report.message(message)),
        }
    }
    if report.errors() > 0 { Err(Failure::reported()) } else { crate::deny(args.deny, report) }
}

fn check(source: &Source, sizes: &Sizes, report: &mut Report) {
    let front = front::bytes(&source.bytes, sizes);
    report.diagnostics(source, &front.diagnostics);
    if !front.has_errors() {
        let names: Vec<&str> = front.models.iter().map(model::name).collect();
        let human = format!("{}: no errors in {}", source.name, quoted(names.iter().copied()));
        report.status(&human, json!({ "type": "checked", "file": source.name, "items": names }));
    }
}
