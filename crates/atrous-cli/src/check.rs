//! `check`: every error and warning of specs.

use atrous_compiler::front::{self, Front, Model, Sizes};
use atrous_compiler::{Target, compile};
use serde_json::json;

use crate::args::{CheckArgs, Deny};
use crate::failure::{Failure, Level, Message, quoted};
use crate::model;
use crate::report::Report;
use crate::slow;
use crate::source::{self, Source};

/// Checks all files, whatever is in the earlier ones.
pub fn run(args: &CheckArgs, report: &mut Report) -> Result<(), Failure> {
    let sizes = model::sizes(&args.sizes)?;
    source::check_stdin(&args.files)?;
    for file in &args.files {
        match Source::read(file) {
            Ok(source) => check(&source, &sizes, &args.deny, report),
            Err(failure) => failure.messages.iter().for_each(|message| report.message(message)),
        }
    }
    if report.errors() > 0 { Err(Failure::reported()) } else { crate::deny(&args.deny, report) }
}

fn check(source: &Source, sizes: &Sizes, deny: &[Deny], report: &mut Report) {
    let errors_before = report.errors();
    let front = front::bytes(&source.bytes, sizes);
    report.diagnostics(source, &front.diagnostics);
    if !front.has_errors() && slow::is_denied(deny) {
        check_speed(&front, deny, source, report);
    }
    if report.errors() == errors_before {
        let names: Vec<&str> = front.models.iter().map(Model::name).collect();
        let human = format!("{}: no errors in {}", source.name, quoted(names.iter().copied()));
        report.status(&human, json!({ "type": "checked", "file": source.name, "items": names }));
    }
}

/// Plans all nets for all targets, and tells of slow layers. Those with free sizes have no plan.
fn check_speed(front: &Front, deny: &[Deny], source: &Source, report: &mut Report) {
    let mut tell = |message: Message| report.message(&message.file(&source.name));
    for model in &front.models {
        let Model::Net(net) = model else {
            let text = format!("`{}` has free sizes, so that it is not known whether it is slow", model.name());
            tell(Message::new(Level::Note, text).help("give them with --size NAME=N"));
            continue;
        };
        for target in Target::all() {
            match compile(net, &target) {
                Ok(plan) => slow::messages(&plan, deny).into_iter().for_each(&mut tell),
                Err(error) => tell(Message::new(Level::Error, error.to_string())),
            }
        }
    }
}
