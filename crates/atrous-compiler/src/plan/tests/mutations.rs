//! Valid plans with some numbers changed: whatever `verify` accepts, `brute` finds fine.

use super::brute::{self, Outcome};
use super::{parse, plans};
use crate::plan::{Access, Affine, BufferId, Count, Instr, Plan, Reg, Role, Stage, Step, Stmt, Tile, Var, verify};

/// Calls `edit` with every number of a plan and puts its result in the place of the number.
fn for_each_number(plan: &mut Plan, edit: &mut dyn FnMut(i64) -> i64) {
    for buffer in &mut plan.buffers {
        buffer.shape.iter_mut().for_each(|size| natural(size, edit));
        match &mut buffer.role {
            Role::Packed { offset } | Role::Scratch { offset } => natural(offset, edit),
            Role::Input | Role::Output | Role::Parameter => {}
        }
    }
    natural(&mut plan.packed_len, edit);
    natural(&mut plan.scratch_len, edit);
    for stage in plan.pack.iter_mut().chain(&mut plan.run) {
        let Stage { shares, body, .. } = stage;
        *shares = edit(*shares);
        statements(body, edit);
    }
}

fn natural(number: &mut usize, edit: &mut dyn FnMut(i64) -> i64) {
    *number = usize::try_from(edit(*number as i64)).unwrap_or(*number);
}

fn loop_head(var: &mut Var, count: &mut Count, edit: &mut dyn FnMut(i64) -> i64) {
    natural(&mut var.0, edit);
    self::count(count, edit);
}

fn count(count: &mut Count, edit: &mut dyn FnMut(i64) -> i64) {
    match count {
        Count::Fixed(count) => *count = edit(*count),
        Count::Column(column) => natural(&mut column.0, edit),
    }
}

fn statements(body: &mut [Stmt], edit: &mut dyn FnMut(i64) -> i64) {
    for statement in body {
        match statement {
            Stmt::For { var, count, body } => {
                loop_head(var, count, edit);
                statements(body, edit);
            }
            Stmt::Par { var, count, before, body } => {
                loop_head(var, count, edit);
                self::count(before, edit);
                statements(body, edit);
            }
            Stmt::Regions { columns, rows, body } => {
                columns.iter_mut().for_each(|column| natural(&mut column.0, edit));
                rows.iter_mut().flatten().for_each(|number| *number = edit(*number));
                statements(body, edit);
            }
            Stmt::Tile(Tile { registers, body }) => {
                registers.iter_mut().for_each(|register| natural(&mut register.lanes, edit));
                steps(body, edit);
            }
        }
    }
}

fn steps(body: &mut [Step], edit: &mut dyn FnMut(i64) -> i64) {
    for step in body {
        match step {
            Step::Do(instr) => self::instr(instr, edit),
            Step::Reduce { var, count, body } => {
                loop_head(var, count, edit);
                steps(body, edit);
            }
        }
    }
}

fn instr(instr: &mut Instr, edit: &mut dyn FnMut(i64) -> i64) {
    let (registers, access): (Vec<&mut Reg>, Option<&mut Access>) = match instr {
        Instr::Constant { to, .. } => (vec![to], None),
        Instr::Load { to, from } | Instr::Broadcast { to, from } => (vec![to], Some(from)),
        Instr::Store { from, to } => (vec![from], Some(to)),
        Instr::Prefetch { at } => (vec![], Some(at)),
        Instr::Binary { to, left, right, .. } => (vec![to, left, right], None),
        Instr::MultiplyAdd { to, left, right, addend, part, .. } => {
            if let Some(part) = part {
                natural(&mut part.from, edit);
                natural(&mut part.to, edit);
            }
            (vec![to, left, right, addend], None)
        }
        Instr::SelectLess { to, left, right, yes, no } => (vec![to, left, right, yes, no], None),
        Instr::ShiftLeft { to, from, .. } => (vec![to, from], None),
        Instr::Shuffle { to, left, right, lanes } => {
            lanes.iter_mut().for_each(|lane| natural(lane, edit));
            (vec![to, left, right], None)
        }
    };
    registers.into_iter().for_each(|register| natural(&mut register.0, edit));
    if let Some(Access { buffer: BufferId(buffer), index, lanes }) = access {
        natural(buffer, edit);
        for Affine { constant, terms } in index {
            *constant = edit(*constant);
            for (var, coefficient) in terms {
                natural(&mut var.0, edit);
                *coefficient = edit(*coefficient);
            }
        }
        if let Some(lanes) = lanes {
            natural(&mut lanes.dim, edit);
            lanes.step = edit(lanes.step);
            if let Some(part) = &mut lanes.part {
                natural(&mut part.from, edit);
                natural(&mut part.to, edit);
            }
        }
    }
}

/// What takes the place of a number.
fn edits(number: i64) -> [i64; 8] {
    [number + 1, number - 1, 0, 1, -number, number * 2, i64::MAX, i64::MIN]
}

/// How often the two judgements agree.
#[derive(Default)]
pub struct Tally {
    pub rejected_by_both: usize,
    pub accepted_by_both: usize,
    rejected_by_verify_only: usize,
}

impl Tally {
    /// Compares the two judgements of a plan.
    fn add(&mut self, plan: Plan) {
        match (verify(plan.clone()), brute::outcome(&plan)) {
            (Ok(_), Outcome::Wrong(message)) => panic!("verify misses: {message}\n{plan}"),
            (_, Outcome::TooLong) => {}
            (Ok(_), Outcome::Fine) => self.accepted_by_both += 1,
            (Err(_), Outcome::Wrong(_)) => self.rejected_by_both += 1,
            (Err(_), Outcome::Fine) => self.rejected_by_verify_only += 1,
        }
    }

    pub fn text(&self) -> String {
        let Tally { rejected_by_both, accepted_by_both, rejected_by_verify_only } = self;
        format!(
            "both reject {rejected_by_both}, both accept {accepted_by_both}, verify rejects {rejected_by_verify_only}"
        )
    }
}

/// The plan with the `target`-th number changed to the `choice`-th edit of it; nothing if that is the same plan.
fn mutant(plan: &Plan, target: usize, choice: usize) -> Option<Plan> {
    let mut mutant = plan.clone();
    let mut number = 0;
    for_each_number(&mut mutant, &mut |value| {
        number += 1;
        if number - 1 == target { edits(value)[choice] } else { value }
    });
    (mutant != *plan).then_some(mutant)
}

fn numbers_of(plan: &Plan) -> usize {
    let mut count = 0;
    for_each_number(&mut plan.clone(), &mut |value| {
        count += 1;
        value
    });
    count
}

fn one_number(text: &str) -> String {
    let plan = parse::plan(text);
    let mut tally = Tally::default();
    for (target, choice) in (0..numbers_of(&plan)).flat_map(|target| (0..8).map(move |choice| (target, choice))) {
        mutant(&plan, target, choice).into_iter().for_each(|mutant| tally.add(mutant));
    }
    tally.text()
}

/// Changes two numbers that lie near each other, because such changes can make up for one another.
pub fn two_numbers(plan: &Plan, times: usize, tally: &mut Tally) {
    let numbers = numbers_of(plan);
    let mut state: usize = 1;
    let mut random = |limit: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % limit
    };
    for _ in 0..times {
        let first = random(numbers);
        let second = (first + 1 + random(12)) % numbers;
        let changed = mutant(plan, first, random(6)).and_then(|plan| mutant(&plan, second, random(6)));
        changed.into_iter().for_each(|mutant| tally.add(mutant));
    }
}

#[test]
fn the_plans_are_valid() {
    for text in [plans::CONV, plans::UP, plans::CHAIN] {
        let plan = parse::plan(text);
        assert_eq!(brute::outcome(&plan), Outcome::Fine);
        assert_eq!(verify(plan).map(|_| ()), Ok(()));
    }
}

#[test]
fn verify_agrees_after_a_change() {
    let lines = [plans::CONV, plans::UP, plans::CHAIN].map(one_number);
    insta::assert_snapshot!(lines.join("\n"), @r"
    both reject 1008, both accept 178, verify rejects 96
    both reject 478, both accept 73, verify rejects 24
    both reject 783, both accept 138, verify rejects 21
    ");
}

#[test]
fn verify_agrees_after_two_changes() {
    let lines = [plans::CONV, plans::UP, plans::CHAIN].map(|text| {
        let mut tally = Tally::default();
        two_numbers(&parse::plan(text), 4000, &mut tally);
        tally.text()
    });
    insta::assert_snapshot!(lines.join("\n"), @r"
    both reject 1917, both accept 130, verify rejects 101
    both reject 1866, both accept 67, verify rejects 35
    both reject 1786, both accept 121, verify rejects 24
    ");
}
