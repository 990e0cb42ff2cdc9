//! The pipeline behind the front end, on one screen.

use std::fmt::{Display, Formatter};

use crate::lower::lower;
use crate::net::Net;
use crate::passes;
use crate::plan::schedule::Choose;
use crate::plan::{self, Checked, Plan, Target, Violation};

/// The verified plan of a net.
///
/// # Errors
///
/// The net is so large that its plan cannot be shown to be right.
pub fn compile(net: &Net, target: &Target) -> Result<Checked<Plan>, Unplanned> {
    compile_with(net, target, &mut |_, _| 0)
}

/// The same with the schedule of each contraction chosen: `choose` gets the name of its stage and its schedules, in the
/// order of [`ranking`](plan::schedule::ranking), and says the number of one; the last, if there are fewer.
///
/// # Errors
///
/// Those of [`compile`].
pub fn compile_with(net: &Net, target: &Target, choose: Choose) -> Result<Checked<Plan>, Unplanned> {
    let lowered = lower(net);
    let graph = passes::run(lowered, &mut |_, _, _| {});
    let plan = plan::build(&graph, target, choose);
    plan::verify(plan).map_err(|violation| Unplanned { net: net.name.clone(), violation })
}

/// Why a net has no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplanned {
    /// The name of the net.
    pub net: String,
    /// What could not be shown.
    pub violation: Violation,
}

impl Display for Unplanned {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` has no plan: {}", self.net, self.violation)
    }
}

impl std::error::Error for Unplanned {}
