//! The pipeline behind the front end, on one screen.

use crate::lower::lower;
use crate::net::Net;
use crate::passes;
use crate::plan::{self, Checked, Plan, Target};

/// The verified plan of a net.
///
/// # Panics
///
/// If the compiler breaks one of its own rules: the message says which pass or stage.
pub fn compile(net: &Net, target: &Target) -> Checked<Plan> {
    let lowered = lower(net);
    let graph = passes::run(lowered, &mut |_, _, _| {});
    let plan = plan::build(&graph, target);
    plan::verify(plan).unwrap_or_else(|violation| panic!("plan of {}: {violation:?}", net.name))
}
