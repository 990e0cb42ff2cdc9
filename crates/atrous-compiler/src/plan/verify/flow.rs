//! Programs touch only the buffers they may, and what a stage reads was written before, by an earlier stage.

use std::collections::{BTreeMap, BTreeSet};

use super::super::types::{BufferId, Plan, Role, Stage};
use super::Violation;
use super::memory::arena_range;
use super::sites::Site;

/// The buffers that a stage mentions, executed or not.
struct Uses {
    reads: BTreeSet<BufferId>,
    writes: BTreeSet<BufferId>,
}

pub(super) fn check(plan: &Plan, pack: &[Vec<Site>], run: &[Vec<Site>]) -> Result<(), Violation> {
    let may_read = |role| matches!(role, Role::Parameter);
    let may_write = |role| matches!(role, Role::Packed { .. });
    let packed = check_program(plan, "pack", &plan.pack, &uses(pack), [&may_read, &may_write])?;
    let may_read = |role| matches!(role, Role::Input | Role::Packed { .. } | Role::Scratch { .. });
    let may_write = |role| matches!(role, Role::Scratch { .. } | Role::Output);
    let run = uses(run);
    let written = check_program(plan, "run", &plan.run, &run, [&may_read, &may_write])?;
    for (number, buffer) in plan.buffers.iter().enumerate() {
        let id = BufferId(number);
        let is_written = match buffer.role {
            Role::Input | Role::Parameter => true,
            Role::Output | Role::Scratch { .. } => written.contains_key(&id),
            Role::Packed { .. } => packed.contains_key(&id),
        };
        if !is_written && !buffer.is_empty() {
            let message = format!("no stage writes `{}`", buffer.name);
            return Err(Violation { stage: String::new(), message });
        }
    }
    check_lifetimes(plan, &run, &written)
}

fn uses(stages: &[Vec<Site>]) -> Vec<Uses> {
    let buffers = |sites: &[Site], is_store: bool| {
        sites.iter().filter(|site| site.is_store == is_store).map(|site| site.access.buffer).collect()
    };
    stages.iter().map(|sites| Uses { reads: buffers(sites, false), writes: buffers(sites, true) }).collect()
}

/// Roles, order and aliasing. The result maps the buffers written to the numbers of their stages.
fn check_program(
    plan: &Plan,
    program: &str,
    stages: &[Stage],
    uses: &[Uses],
    [may_read, may_write]: [&dyn Fn(Role) -> bool; 2],
) -> Result<BTreeMap<BufferId, usize>, Violation> {
    let mut writers = BTreeMap::new();
    for (number, (stage, uses)) in stages.iter().zip(uses).enumerate() {
        let violation = |message| Err(Violation { stage: format!("{program} {}", stage.name), message });
        for &id in &uses.reads {
            let (name, role) = (&plan.buffers[id.0].name, plan.buffers[id.0].role);
            if !may_read(role) {
                return violation(format!("reads the {} `{name}`, which {program} must not", word(role)));
            }
            if uses.writes.contains(&id) {
                return violation(format!("both reads and writes `{name}`"));
            }
            if matches!(role, Role::Scratch { .. }) && !writers.contains_key(&id) {
                return violation(format!("reads `{name}`, which no earlier stage writes"));
            }
        }
        for &id in &uses.writes {
            let (name, role) = (&plan.buffers[id.0].name, plan.buffers[id.0].role);
            if !may_write(role) {
                return violation(format!("writes the {} `{name}`, which {program} must not", word(role)));
            }
            if let Some(first) = writers.insert(id, number) {
                return violation(format!("writes `{name}`, which `{}` writes too", stages[first].name));
            }
        }
    }
    Ok(writers)
}

/// Scratch buffers that overlap are never live together.
fn check_lifetimes(plan: &Plan, run: &[Uses], written: &BTreeMap<BufferId, usize>) -> Result<(), Violation> {
    let mut live = Vec::new();
    for (&id, &first) in written {
        let buffer = &plan.buffers[id.0];
        if matches!(buffer.role, Role::Scratch { .. }) && !buffer.is_empty() {
            let last = run.iter().rposition(|uses| uses.reads.contains(&id)).unwrap_or(first);
            live.push((buffer, first, last));
        }
    }
    for (number, (buffer, first, last)) in live.iter().enumerate() {
        for (other, other_first, other_last) in &live[..number] {
            let [range, other_range] = [buffer, other].map(|buffer| arena_range(buffer));
            let overlap = range.start < other_range.end && other_range.start < range.end;
            if overlap && first <= other_last && other_first <= last {
                let [name, other_name] = [&buffer.name, &other.name];
                let message =
                    format!("`{other_name}` at {other_range:?} and `{name}` at {range:?} overlap in the scratch arena");
                let both_live_from = *first.max(other_first);
                return Err(Violation { stage: format!("run {}", plan.run[both_live_from].name), message });
            }
        }
    }
    Ok(())
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Input => "input",
        Role::Output => "output",
        Role::Parameter => "parameter",
        Role::Packed { .. } => "packed buffer",
        Role::Scratch { .. } => "scratch buffer",
    }
}
