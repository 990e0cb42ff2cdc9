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

/// The programs of a plan, by what their stages may touch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Pack,
    Run,
}

impl Program {
    pub(super) fn name(self) -> &'static str {
        match self {
            Program::Pack => "pack",
            Program::Run => "run",
        }
    }

    fn may_read(self, role: Role) -> bool {
        matches!(role, Role::Parameter) == (self == Program::Pack)
    }

    fn may_write(self, role: Role) -> bool {
        match role {
            Role::Input | Role::Parameter => false,
            Role::Packed { .. } => self == Program::Pack,
            Role::Scratch { .. } | Role::Output => self == Program::Run,
        }
    }
}

/// The sites of a stage touch only what the program may.
pub(super) fn check_roles(plan: &Plan, program: Program, sites: &[Site]) -> Result<(), String> {
    for site in sites {
        let buffer = &plan.buffers[site.access.buffer.0];
        let (verb, may) = match site.is_store {
            false => ("reads", program.may_read(buffer.role)),
            true => ("writes", program.may_write(buffer.role)),
        };
        if !may {
            let (word, name) = (word(buffer.role), &buffer.name);
            return Err(format!("{verb} the {word} `{name}`, which {} must not", program.name()));
        }
    }
    Ok(())
}

/// Order, aliasing and lifetimes, given the sites of the stages of both programs.
pub(super) fn check(plan: &Plan, pack: &[Vec<Site>], run: &[Vec<Site>]) -> Result<(), Violation> {
    let packed = writers(plan, "pack", &plan.pack, &uses(pack))?;
    let run = uses(run);
    let written = writers(plan, "run", &plan.run, &run)?;
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
        let sites = sites.iter().filter(|site| site.is_store == is_store && !site.may_miss);
        sites.map(|site| site.access.buffer).collect()
    };
    stages.iter().map(|sites| Uses { reads: buffers(sites, false), writes: buffers(sites, true) }).collect()
}

/// The buffers that a program writes, with the numbers of their stages. Stages read what earlier ones write.
fn writers(
    plan: &Plan,
    program: &str,
    stages: &[Stage],
    uses: &[Uses],
) -> Result<BTreeMap<BufferId, usize>, Violation> {
    let mut writers = BTreeMap::new();
    for (number, (stage, uses)) in stages.iter().zip(uses).enumerate() {
        let violation = |message| Err(Violation { stage: format!("{program} {}", stage.name), message });
        for &id in &uses.reads {
            let (name, role) = (&plan.buffers[id.0].name, plan.buffers[id.0].role);
            if uses.writes.contains(&id) {
                return violation(format!("both reads and writes `{name}`"));
            }
            if matches!(role, Role::Scratch { .. } | Role::Output) && !writers.contains_key(&id) {
                return violation(format!("reads `{name}`, which no earlier stage writes"));
            }
        }
        for &id in &uses.writes {
            if let Some(first) = writers.insert(id, number) {
                let (name, first) = (&plan.buffers[id.0].name, &stages[first].name);
                return violation(format!("writes `{name}`, which `{first}` writes too"));
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
