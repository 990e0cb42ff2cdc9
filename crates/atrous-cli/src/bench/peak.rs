//! A plan that does nothing but multiply-adds in registers: the peak of a target.

use atrous_compiler::plan::{
    Access, Affine, Buffer, BufferId, Count, Instr, Lanes, Plan, Reg, Register, Role, Stage, Step, Stmt, Tile, Var,
    verify,
};
use atrous_compiler::{Checked, Target};

use crate::failure::Failure;

/// Elements that the plan reads.
pub const INPUTS: usize = 64;

/// Rounds of the loop: about 10 µs.
const ROUNDS: i64 = 4096;

/// Sums that do not wait for each other: more than the latency of a multiply-add, few enough for the registers.
fn sums(target: &Target) -> usize {
    target.registers - 4
}

/// The multiply-adds of one run.
pub fn multiply_adds(target: &Target) -> u64 {
    (sums(target) * target.lanes) as u64 * ROUNDS as u64
}

/// `sums += left · right`, again and again.
pub fn plan(target: &Target) -> Result<Checked<Plan>, Failure> {
    let n_sums = sums(target);
    let lanes = (target.lanes > 1).then_some(Lanes::all(1, 1));
    let at = |buffer: usize, row: usize| Access {
        buffer: BufferId(buffer),
        index: vec![Affine::constant(row as i64), Affine::constant(0)],
        lanes,
    };
    let register = |name: String| Register { name, lanes: target.lanes };
    let (left, right) = (Reg(n_sums), Reg(n_sums + 1));
    let sum = |index: usize| {
        let fused = target.fused;
        Step::Do(Instr::MultiplyAdd { to: Reg(index), left, right, addend: Reg(index), fused, part: None })
    };
    let mut body: Vec<Step> =
        (0..n_sums + 2).map(|index| Step::Do(Instr::Load { to: Reg(index), from: at(0, 0) })).collect();
    body.push(Step::Reduce { var: Var(0), count: Count::Fixed(ROUNDS), body: (0..n_sums).map(sum).collect() });
    body.extend((0..n_sums).map(|index| Step::Do(Instr::Store { from: Reg(index), to: at(1, index) })));
    let names = (0..n_sums).map(|index| format!("sum_{index}")).chain(["left".into(), "right".into()]);
    let buffer = |name: &str, role, shape| Buffer { name: name.into(), role, shape };
    let plan = Plan {
        name: "peak".into(),
        target: target.clone(),
        buffers: vec![
            buffer("input", Role::Input, vec![INPUTS / target.lanes, target.lanes]),
            buffer("output", Role::Output, vec![n_sums, target.lanes]),
        ],
        packed_len: 0,
        scratch_len: 0,
        pack: vec![],
        run: vec![Stage {
            name: "multiply".into(),
            vars: vec!["round".into()],
            shares: 1,
            body: vec![Stmt::Tile(Tile { registers: names.map(register).collect(), body })],
            decision: None,
        }],
    };
    verify(plan).map_err(|violation| Failure::error(violation.to_string()))
}
