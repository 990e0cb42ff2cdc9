//! What is told of layers that take the slow path.

use atrous_compiler::Plan;

use crate::args::Deny;
use crate::failure::{Failure, Level, Message};
use crate::report::Report;

/// Warns of each stage of a plan that takes the slow path; fails when that is denied.
pub fn tell(plan: &Plan, deny: &[Deny], report: &mut Report) -> Result<(), Failure> {
    let messages = messages(plan, deny);
    messages.iter().for_each(|message| report.message(message));
    if is_denied(deny) && !messages.is_empty() { Err(Failure::reported()) } else { Ok(()) }
}

/// What there is to tell of each stage of a plan that takes the slow path: warnings, or errors where it is denied.
pub fn messages(plan: &Plan, deny: &[Deny]) -> Vec<Message> {
    let (level, denied) = if is_denied(deny) { (Level::Error, ", which is denied") } else { (Level::Warning, "") };
    let slow = plan.slow_stages().map(|(stage, reason)| {
        let (name, target) = (&stage.name, plan.target.name);
        let text = format!("`{name}` takes the slow path on {target}{denied}: {reason}");
        Message::new(level, text).help(reason.help())
    });
    slow.collect()
}

/// Whether layers that take the slow path are errors.
pub fn is_denied(deny: &[Deny]) -> bool {
    deny.contains(&Deny::Slow) || deny.contains(&Deny::Warnings)
}
