//! The interpreter of plans: the definition of what a plan means.
//!
//! A stage is flattened first: loops of every kind become one kind, registers become ranges of one array, and accesses
//! become offsets into one memory that holds the arenas and the caller's buffers. Then it is executed in order.

mod count;
mod flat;

pub use count::{count_instructions, count_instructions_of, count_macs, count_weighted};

use std::fmt::{Display, Formatter};

use super::types::{Buffer, Plan, Role, Stage};
use super::verify::Checked;

/// A slice that has not the length of the buffer it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LengthError {
    /// The buffer's name; `packed` for the packed arena, `input 2` for a third slice where two belong.
    pub buffer: String,
    /// Elements of the buffer.
    pub expected: usize,
    /// Elements of the slice; a missing slice has none.
    pub found: usize,
}

impl Display for LengthError {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` has {} elements, but {} were given", self.buffer, self.expected, self.found)
    }
}

impl std::error::Error for LengthError {}

/// Runs the packing program: from the parameters, in the plan's order, to the packed arena.
///
/// # Errors
///
/// When a parameter's slice has not as many elements as its buffer.
pub fn pack(plan: &Checked<Plan>, parameters: &[&[f32]]) -> Result<Vec<f32>, LengthError> {
    let mut memory = Memory::new(plan, |role| role == Role::Parameter);
    memory.fill(plan, Role::Parameter, "parameter", parameters)?;
    memory.execute(plan, &plan.pack, 1);
    memory.values.truncate(plan.packed_len);
    Ok(memory.values)
}

/// Runs the plan: from inputs and the packed arena to the outputs, all in the plan's order and memory layout.
///
/// # Errors
///
/// When an input's slice has not as many elements as its buffer, or `packed` not as many as the packed arena.
pub fn run(plan: &Checked<Plan>, packed: &[f32], inputs: &[&[f32]]) -> Result<Vec<Vec<f32>>, LengthError> {
    run_in_parts(plan, packed, inputs, 1)
}

/// The same with each stage split into as many parts as `parts` threads get, the last first. The results are the same.
///
/// # Errors
///
/// Those of [`run`].
pub fn run_in_parts(
    plan: &Checked<Plan>,
    packed: &[f32],
    inputs: &[&[f32]],
    parts: i64,
) -> Result<Vec<Vec<f32>>, LengthError> {
    check_length("packed", plan.packed_len, packed.len())?;
    let mut memory = Memory::new(plan, |role| matches!(role, Role::Input | Role::Output));
    memory.values[..plan.packed_len].copy_from_slice(packed);
    memory.fill(plan, Role::Input, "input", inputs)?;
    memory.execute(plan, &plan.run, parts);
    Ok(memory.of_role(plan, Role::Output).map(|range| memory.values[range].to_vec()).collect())
}

fn check_length(buffer: &str, expected: usize, found: usize) -> Result<(), LengthError> {
    let error = || LengthError { buffer: buffer.into(), expected, found };
    if expected == found { Ok(()) } else { Err(error()) }
}

/// All elements that a program touches: the packed arena, the scratch arena, the caller's buffers.
struct Memory {
    values: Vec<f32>,
    /// Where each buffer of the plan begins; the end of the memory for those that the program does not touch.
    starts: Vec<usize>,
}

impl Memory {
    fn new(plan: &Plan, is_touched: impl Fn(Role) -> bool) -> Memory {
        let mut end = plan.packed_len + plan.scratch_len;
        let mut start = |buffer: &Buffer| match buffer.role {
            Role::Packed { offset } => offset,
            Role::Scratch { offset } => plan.packed_len + offset,
            Role::Input | Role::Output | Role::Parameter => {
                let start = end;
                end += if is_touched(buffer.role) { buffer.len() } else { 0 };
                start
            }
        };
        let starts = plan.buffers.iter().map(&mut start).collect();
        Memory { values: vec![0.0; end], starts }
    }

    fn of_role<'a>(&'a self, plan: &'a Plan, role: Role) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let with_role = plan.buffers.iter().zip(&self.starts).filter(move |(buffer, _)| buffer.role == role);
        with_role.map(|(buffer, &start)| start..start + buffer.len())
    }

    /// Copies the caller's slices into the buffers with a role. Missing slices count as empty.
    fn fill(&mut self, plan: &Plan, role: Role, word: &str, given: &[&[f32]]) -> Result<(), LengthError> {
        let ranges: Vec<_> = self.of_role(plan, role).collect();
        let names = plan.with_role(role).map(|buffer| &buffer.name);
        for (number, (range, name)) in ranges.iter().zip(names).enumerate() {
            let slice = given.get(number).copied().unwrap_or_default();
            check_length(name, range.len(), slice.len())?;
            self.values[range.clone()].copy_from_slice(slice);
        }
        let mut surplus = given.iter().enumerate().skip(ranges.len());
        surplus.try_for_each(|(number, slice)| check_length(&format!("{word} {number}"), 0, slice.len()))
    }

    fn execute(&mut self, plan: &Plan, stages: &[Stage], parts: i64) {
        for stage in stages {
            let program = flat::Program::new(plan, &self.starts, stage);
            let parts = parts.clamp(1, stage.shares);
            for part in (0..parts).rev() {
                program.execute(stage.first_share(part, parts)..stage.first_share(part + 1, parts), &mut self.values);
            }
        }
    }
}
