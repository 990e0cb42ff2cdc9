//! What is told of layers that take the slow path.

use atrous_compiler::Plan;

use crate::args::Deny;
use crate::failure::{Failure, Level, Message};
use crate::report::Report;

/// Warns of each stage of a plan that takes the slow path; fails when that is denied.
pub fn tell(plan: &Plan, deny: &[Deny], report: &mut Report) -> Result<(), Failure> {
    let is_denied = deny.contains(&Deny::Slow) || deny.contains(&Deny::Warnings);
    let level = if is_denied { Level::Error } else { Level::Warning };
    let slow: Vec<_> = plan.slow_stages().collect();
    for (stage, reason) in &slow {
        let denied = if is_denied { ", which is denied" } else { "" };
        let (name, target) = (&stage.name, plan.target.name);
        let text = format!("`{name}` takes the slow path on {target}{denied}: {reason}");
        report.message(&Message::new(level, text).help(reason.help()));
    }
    if is_denied && !slow.is_empty() { Err(Failure::reported()) } else { Ok(()) }
}
