//! The only way from a plan to a [`Checked`] one.
//!
//! The checks build on one another: `memory` makes sizes safe to compute with, `scope` makes names and shapes of
//! accesses safe to look up, `registers` checks the tiles by themselves, `sites` puts every access into the context of
//! its loops and tables, and on these `bounds` shows that accesses stay inside, `cover` that each element is written
//! exactly once, `flow` that it is written before it is read.

mod bounds;
mod cover;
mod flow;
mod grid;
mod memory;
mod registers;
mod scope;
mod short;
mod sites;

use std::fmt::{Display, Formatter};

use super::types::{Plan, Stage};
use flow::Program;
pub use registers::pressure;
use sites::Site;

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
    /// The program and the stage, `run c1`; empty where there is none.
    pub stage: String,
    /// What is wrong, with the numbers.
    pub message: String,
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self.stage.as_str() {
            "" => f.write_str(&self.message),
            stage => write!(f, "{stage}: {}", self.message),
        }
    }
}

impl std::error::Error for Violation {}

/// Checks everything that `unsafe` code behind a plan relies on.
///
/// A [`Checked`] plan has these properties, where loops and tables that do not execute an access excuse it:
///
/// - Names are identifiers and unique where `types` says so. Each variable in use is bound once on its path.
/// - Sizes of buffers and arenas in bytes fit `isize`; the value of an index, its parts, and its parts times the
///   strides of the buffer fit `i64`.
/// - Each index of each access, but for those of prefetches, is inside its dimension. Each buffer is inside its arena.
/// - Registers of an instruction have the same lanes, at most the target's, and are written before they are read, with
///   no loop of a tile counting as executed. The registers alive at any point are at most the target's.
/// - `pack` reads parameters and writes packed buffers; `run` reads everything but parameters and writes
///   scratch buffers and outputs. What a stage reads was written by an earlier stage, and it shares no memory with what
///   the stage writes.
/// - Each element of each output, packed and scratch buffer is written exactly once, all of a buffer by one stage. Hence
///   the iterations of a [`Stmt::Par`](super::Stmt::Par) write disjoint elements.
/// - Each iteration of a parallel loop belongs to a share that the stage has, and each store of a stage that has parallel
///   loops stands in exactly one of them. Hence threads that execute different shares write disjoint elements, and
///   where all shares are executed once, everything is written.
///
/// # Errors
///
/// The first property that does not hold, or cannot be shown to hold.
pub fn verify(plan: Plan) -> Result<Checked<Plan>, Violation> {
    memory::check(&plan).map_err(|message| Violation { stage: String::new(), message })?;
    let pack = check_program(&plan, Program::Pack, &plan.pack)?;
    let run = check_program(&plan, Program::Run, &plan.run)?;
    flow::check(&plan, &pack, &run)?;
    Ok(Checked(plan))
}

/// The checks of a stage that look at no other stage. The result holds the sites of each stage.
fn check_program<'a>(plan: &'a Plan, program: Program, stages: &'a [Stage]) -> Result<Vec<Vec<Site<'a>>>, Violation> {
    let mut sites_of_stages = Vec::new();
    for stage in stages {
        let name = format!("{} {}", program.name(), stage.name);
        let sites = check_stage(plan, program, stage).map_err(|message| Violation { stage: name, message })?;
        sites_of_stages.push(sites);
    }
    Ok(sites_of_stages)
}

fn check_stage<'a>(plan: &'a Plan, program: Program, stage: &'a Stage) -> Result<Vec<Site<'a>>, String> {
    scope::check(plan, stage)?;
    registers::check(&plan.target, stage)?;
    let sites = sites::of(stage);
    flow::check_roles(plan, program, &sites)?;
    for site in &sites {
        bounds::check(plan, stage, site)?;
    }
    cover::check(plan, stage, &sites)?;
    Ok(sites)
}
