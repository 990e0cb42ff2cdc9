//! Names and sizes of buffers, arenas, stages and the target.

use std::collections::BTreeSet;

use super::super::types::{Buffer, Plan, Role};

/// The widest vectors that a target may have. No machine has wider ones.
const MAX_LANES: usize = 64;

/// Bytes that can be allocated.
const MAX_BYTES: usize = isize::MAX as usize;

/// Whether a name can stand for a variable or a function in Rust.
pub(super) fn is_identifier(name: &str) -> bool {
    // Most are like this, and no keyword is.
    let is_numbered = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.ends_with(|last: char| last.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if is_numbered {
        return true;
    }
    syn::parse_str::<syn::Ident>(name).is_ok_and(|identifier| identifier == name)
}

pub(super) fn check(plan: &Plan) -> Result<(), String> {
    if !is_identifier(&plan.name) {
        return Err(format!("the plan's name `{}` is not an identifier", plan.name));
    }
    let target = &plan.target;
    if !target.lanes.is_power_of_two() || target.lanes > MAX_LANES {
        let lanes = target.lanes;
        return Err(format!("{} has vectors of {lanes} lanes, not of a power of two up to {MAX_LANES}", target.name));
    }
    for (program, stages) in [("pack", &plan.pack), ("run", &plan.run)] {
        let mut names = BTreeSet::new();
        for stage in stages {
            if !is_identifier(&stage.name) {
                return Err(format!("the name `{}` of a stage of {program} is not an identifier", stage.name));
            }
            if !names.insert(&stage.name) {
                return Err(format!("two stages of {program} are named `{}`", stage.name));
            }
        }
    }
    check_buffers(plan)
}

fn check_buffers(plan: &Plan) -> Result<(), String> {
    let mut names = BTreeSet::new();
    let mut total = checked_bytes(&[plan.packed_len]).zip(checked_bytes(&[plan.scratch_len]));
    for buffer in &plan.buffers {
        let name = &buffer.name;
        if !names.insert(name) {
            return Err(format!("two buffers are named `{name}`"));
        }
        let Some(bytes) = checked_bytes(&buffer.shape) else {
            return Err(format!("`{name}` of shape {:?} is larger than memory", buffer.shape));
        };
        let (arena, offset, arena_len) = match buffer.role {
            Role::Packed { offset } => ("packed", offset, plan.packed_len),
            Role::Scratch { offset } => ("scratch", offset, plan.scratch_len),
            Role::Input | Role::Output | Role::Parameter => {
                total = total.and_then(|(packed, other)| Some((packed, other.checked_add(bytes)?)));
                continue;
            }
        };
        let len = buffer.len();
        if offset.checked_add(len).is_none_or(|end| end > arena_len) {
            return Err(format!(
                "`{name}` has {len} elements at {offset} of the {arena} arena, which has {arena_len} elements"
            ));
        }
    }
    match total.and_then(|(packed, other)| packed.checked_add(other)).filter(|&bytes| bytes <= MAX_BYTES) {
        Some(_) => check_packed(plan),
        None => Err("the buffers together are larger than memory".into()),
    }
}

/// Size of a buffer, with empty dimensions counted as one position: strides are products of other dimensions.
fn checked_bytes(shape: &[usize]) -> Option<usize> {
    let size = shape.iter().try_fold(size_of::<f32>(), |size, &positions| size.checked_mul(positions.max(1)))?;
    (size <= MAX_BYTES).then_some(size)
}

fn check_packed(plan: &Plan) -> Result<(), String> {
    let is_packed = |buffer: &&Buffer| matches!(buffer.role, Role::Packed { .. }) && !buffer.is_empty();
    let mut packed: Vec<&Buffer> = plan.buffers.iter().filter(is_packed).collect();
    packed.sort_by_key(|buffer| arena_range(buffer).start);
    for pair in packed.windows(2) {
        let [first, second] = [pair[0], pair[1]].map(arena_range);
        if second.start < first.end {
            let [first_name, second_name] = [&pair[0].name, &pair[1].name];
            return Err(format!(
                "`{first_name}` at {first:?} and `{second_name}` at {second:?} overlap in the packed arena"
            ));
        }
    }
    Ok(())
}

/// The elements of its arena that a buffer takes; nothing for the caller's buffers.
pub(super) fn arena_range(buffer: &Buffer) -> std::ops::Range<usize> {
    match buffer.role {
        Role::Packed { offset } | Role::Scratch { offset } => offset..offset + buffer.len(),
        Role::Input | Role::Output | Role::Parameter => 0..0,
    }
}
