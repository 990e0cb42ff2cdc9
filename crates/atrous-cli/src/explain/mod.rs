//! `explain`: what layers cost, and why they are computed as they are.

mod code;
mod number;
mod text;

use std::path::Path;

use atrous_compiler::explain::{self, Explanation};

use crate::args::ExplainArgs;
use crate::build;
use crate::failure::Failure;
use crate::model;
use crate::output;
use crate::report::Report;
use crate::slow;
use crate::source::Source;
use crate::target;
use crate::tuned::Tuned;

/// Explains a spec, or the code of a message.
pub fn run(args: &ExplainArgs, report: &mut Report) -> Result<(), Failure> {
    let file = &args.spec.file;
    match file.to_str() {
        Some(code) if code::is_code(code) && !file.exists() => code::run(code),
        _ => spec(args, report),
    }
}

/// Explains every net of a spec, or the one that is named. Whether the slow path is denied shows behind that.
fn spec(args: &ExplainArgs, report: &mut Report) -> Result<(), Failure> {
    let source = Source::read(&args.spec.file)?;
    let sizes = model::sizes(&args.spec.sizes)?;
    let front = model::check(&source, args.spec.net.as_deref(), &sizes, report)?;
    let tuned = Tuned::load(&args.tuned, args.threads.into(), &args.spec.deny, report)?;
    crate::deny(&args.spec.deny, report)?;
    let target = target::named(args.spec.target)?.unwrap_or_else(atrous::jit::host_target);
    let (mut explanations, mut plans) = (Vec::new(), Vec::new());
    for net in build::nets(&args.spec, &front)? {
        let plan = tuned.plan_silently(&net, &target, report)?;
        explanations.push(explain::net(&net, &plan));
        plans.push(plan);
    }
    let text = if args.json { json(&explanations) } else { texts(&explanations) };
    output::write(Path::new("-"), text.into_bytes())?;
    // What is not denied the text has said, loudly. All that is denied is told.
    let is_denied = !args.spec.deny.is_empty();
    let denied = plans.iter().filter(|_| is_denied).map(|plan| slow::tell(plan, &args.spec.deny, report));
    denied.collect::<Vec<_>>().into_iter().collect()
}

fn texts(explanations: &[Explanation]) -> String {
    explanations.iter().map(text::print).collect::<Vec<_>>().join("\n")
}

fn json(explanations: &[Explanation]) -> String {
    serde_json::to_string_pretty(explanations).expect("words and finite numbers are JSON") + "\n"
}
