//! The types of a [`Plan`]. `eval` is the definition of what they mean.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use super::affine::Affine;
pub use super::buffer::{Buffer, BufferId, Role};
use super::schedule::{Loops, Schedule, Slow};
use super::target::Target;
use crate::layer::Number;

/// Loops and tiles over flat `f32` buffers: everything a back end has to know, and nothing about convolution.
///
/// A plan has two programs. `pack` runs once and copies the parameters into packed buffers; `run` runs once per
/// inference. Every float operation and its order is explicit, so that all executors give the same bits.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The name of the net.
    pub name: String,
    /// What the plan assumes of the machine.
    pub target: Target,
    /// All memory that the plan touches.
    pub buffers: Vec<Buffer>,
    /// Elements of the arena behind the buffers with [`Role::Packed`].
    pub packed_len: usize,
    /// Elements of the arena behind the buffers with [`Role::Scratch`].
    pub scratch_len: usize,
    /// Copies parameters into packed buffers.
    pub pack: Vec<Stage>,
    /// Computes the outputs from inputs and packed buffers.
    pub run: Vec<Stage>,
}

impl Plan {
    /// The buffers with a role, in the plan's order.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Buffer> {
        self.buffers.iter().filter(move |buffer| buffer.role == role)
    }

    /// The stages that take the slow path, each with the reason.
    pub fn slow_stages(&self) -> impl Iterator<Item = (&Stage, Slow)> {
        self.run.iter().filter_map(|stage| Some((stage, stage.decision?.slow?)))
    }

    /// The stages that take the slow path in all plans of a net, one plan for each target, with the reason of the last.
    pub fn slow_on_all(plans: &[super::Checked<Plan>]) -> Vec<(&Stage, Slow)> {
        let Some((last, others)) = plans.split_last() else { return Vec::new() };
        let is_slow = |plan: &Plan, name: &str| plan.slow_stages().any(|(stage, _)| stage.name == name);
        last.slow_stages().filter(|(stage, _)| others.iter().all(|plan| is_slow(plan, &stage.name))).collect()
    }

    /// The numbers of the stages of `run` that its schedule has for a contraction: the copy of the input right before it, if
    /// the schedule asks for one, and the contraction.
    pub fn scheduled(&self, contraction: usize) -> RangeInclusive<usize> {
        let is_copied = self.run[contraction].decision.is_some_and(|decision| decision.schedule.reorders_input);
        contraction - usize::from(is_copied)..=contraction
    }

    /// The bytes of all tensors that exist while a run does: inputs, outputs, parameters, and both arenas. It saturates.
    pub fn bytes(&self) -> u64 {
        let is_outside = |buffer: &&Buffer| matches!(buffer.role, Role::Input | Role::Output | Role::Parameter);
        let outside = self.buffers.iter().filter(is_outside).map(Buffer::len);
        let elements = outside.chain([self.packed_len, self.scratch_len]);
        elements.fold(0_u64, |sum, len| sum.saturating_add(4_u64.saturating_mul(len as u64)))
    }
}

/// One step of a program, compiled to one function: it reads some buffers and writes others, never the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Unique within its program; a Rust identifier.
    pub name: String,
    /// Names of the variables, for printing: Rust identifiers, unique within the stage. [`Var`] indexes it.
    pub vars: Vec<String>,
    /// Into how many shares threads may split the stage; 1 where it has no [`Stmt::Par`]. A share is the stage with only
    /// those iterations of its parallel loops that have the share's number, and all shares together are the stage.
    pub shares: i64,
    /// Executed in order.
    pub body: Vec<Stmt>,
    /// What was decided about the contraction that the stage computes; none for other stages. No back end reads it.
    pub decision: Option<Decision>,
}

/// What was decided about a contraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// How it is computed.
    pub schedule: Schedule,
    /// Half cycles of one core that it is expected to take, for all images.
    pub half_cycles: u64,
    /// Why its taps along the last axis are walked by a loop, if they are.
    pub loops: Option<Loops>,
    /// Why it takes the slow path, if it does.
    pub slow: Option<Slow>,
}

impl Stage {
    /// Its tiles, in the order in which they are written.
    pub fn tiles(&self) -> Vec<&Tile> {
        fn collect<'a>(body: &'a [Stmt], found: &mut Vec<&'a Tile>) {
            for statement in body {
                match statement {
                    Stmt::For { body, .. } | Stmt::Par { body, .. } | Stmt::Regions { body, .. } => {
                        collect(body, found)
                    }
                    Stmt::Tile(tile) => found.push(tile),
                }
            }
        }
        let mut found = Vec::new();
        collect(&self.body, &mut found);
        found
    }

    /// The first share of a part, where its shares are split into so many parts as evenly as can be; that of the part behind
    /// the last one is the number of shares.
    pub fn first_share(&self, part: i64, parts: i64) -> i64 {
        (i128::from(self.shares) * i128::from(part) / i128::from(parts)) as i64
    }

    /// The buffers that it reads. To ask for an element is not to read it.
    pub fn reads(&self) -> BTreeSet<BufferId> {
        self.buffers(|instr| !matches!(instr, Instr::Store { .. } | Instr::Prefetch { .. }))
    }

    /// The buffers that it writes.
    pub fn writes(&self) -> BTreeSet<BufferId> {
        self.buffers(|instr| matches!(instr, Instr::Store { .. }))
    }

    fn buffers(&self, are_of: fn(&Instr) -> bool) -> BTreeSet<BufferId> {
        let mut found = BTreeSet::new();
        let mut see =
            |instr: &Instr| found.extend(instr.access().filter(|_| are_of(instr)).map(|access| access.buffer));
        self.tiles().iter().for_each(|tile| tile.each(&mut see));
        found
    }
}

/// An integer variable: an index into [`Stage::vars`]. Bound by one statement, visible in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Var(pub usize);

/// A statement outside tiles.
#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    /// The body for `var` in `0..count`.
    For {
        /// Bound to the number of the iteration.
        var: Var,
        /// How often; zero is allowed.
        count: Count,
        /// The body.
        body: Vec<Stmt>,
    },
    /// The same, where iteration `var` belongs to the share `before + var` of the stage. Iterations write disjoint
    /// elements, and may run in any order or at once. No parallel loop stands inside another, and in a stage that has
    /// one, each store stands in one.
    Par {
        /// Bound to the number of the iteration.
        var: Var,
        /// How often; zero is allowed.
        count: Count,
        /// The share of iteration 0.
        before: Count,
        /// The body.
        body: Vec<Stmt>,
    },
    /// The body once per row of a table, with each column bound to the row's number: phases and peeled borders.
    Regions {
        /// Bound to the numbers of a row, in order.
        columns: Vec<Var>,
        /// Rows of `columns.len()` numbers.
        rows: Vec<Vec<i64>>,
        /// The body.
        body: Vec<Stmt>,
    },
    /// Vector arithmetic.
    Tile(Tile),
}

/// How often a loop runs, or how many iterations stand before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// A number; not negative.
    Fixed(i64),
    /// The value of a column of an enclosing [`Stmt::Regions`]; not negative.
    Column(Var),
}

/// A vector program that keeps its values in registers from its first to its last step.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    /// Its registers; [`Reg`] indexes it. The ones in use fit the target's register file.
    pub registers: Vec<Register>,
    /// Executed in order.
    pub body: Vec<Step>,
}

impl Tile {
    /// Shows its instructions, in the order in which they are written.
    pub fn each(&self, see: &mut dyn FnMut(&Instr)) {
        fn steps(body: &[Step], see: &mut dyn FnMut(&Instr)) {
            for step in body {
                match step {
                    Step::Do(instr) => see(instr),
                    Step::Reduce { body, .. } => steps(body, see),
                }
            }
        }
        steps(&self.body, see);
    }
}

/// A vector register of a [`Tile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// For printing: a Rust identifier, unique within the tile and distinct from the stage's variables.
    pub name: String,
    /// `f32` lanes; 1 is a scalar. A power of two, at most the target's.
    pub lanes: usize,
}

/// An index into [`Tile::registers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reg(pub usize);

/// A step of a [`Tile`].
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// One instruction.
    Do(Instr),
    /// The steps for `var` in `0..count`, in order; registers keep their values from one iteration to the next.
    Reduce {
        /// Bound to the number of the iteration.
        var: Var,
        /// How often; zero is allowed.
        count: Count,
        /// The steps.
        body: Vec<Step>,
    },
}

/// One instruction. All registers of an instruction have the same number of lanes; each lane works for itself, but for
/// [`Instr::Shuffle`].
#[derive(Clone, Debug, PartialEq)]
pub enum Instr {
    /// `to = value` in every lane.
    Constant {
        /// Destination.
        to: Reg,
        /// The number.
        value: Number,
    },
    /// `to[l] = from[index + l·step]` along the dimension of [`Access::lanes`]; zero in lanes outside of its part.
    Load {
        /// Destination.
        to: Reg,
        /// Has `lanes` exactly when the register has more than one.
        from: Access,
    },
    /// `to[l] = from[index]`: one element in every lane.
    Broadcast {
        /// Destination.
        to: Reg,
        /// Has no `lanes`.
        from: Access,
    },
    /// `to[index + l·step] = from[l]`; nothing for lanes outside of the part of [`Access::lanes`].
    Store {
        /// Source.
        from: Reg,
        /// Has `lanes` exactly when the register has more than one.
        to: Access,
    },
    /// Asks the machine to bring an element near that will be read or written soon. It may lie outside of the buffer, and then
    /// nothing happens.
    Prefetch {
        /// Has no `lanes`.
        at: Access,
    },
    /// `to = left op right`
    Binary {
        /// What to compute.
        op: BinaryOp,
        /// Destination.
        to: Reg,
        /// Left operand.
        left: Reg,
        /// Right operand.
        right: Reg,
    },
    /// `to = left·right + addend`; `to = addend` in lanes outside of the part.
    MultiplyAdd {
        /// Destination.
        to: Reg,
        /// Factor.
        left: Reg,
        /// Factor.
        right: Reg,
        /// Summand.
        addend: Reg,
        /// Whether the product is added without being rounded first.
        fused: bool,
        /// The lanes that multiply, if not all do.
        part: Option<Part>,
    },
    /// `to = if left < right { yes } else { no }`; a comparison with NaN is false.
    SelectLess {
        /// Destination.
        to: Reg,
        /// Left side of the comparison.
        left: Reg,
        /// Right side of the comparison.
        right: Reg,
        /// The value where the comparison holds.
        yes: Reg,
        /// The value elsewhere.
        no: Reg,
    },
    /// `to` has the bits of `from`, as 32-bit integers, shifted left: how powers of two are made.
    ShiftLeft {
        /// Destination.
        to: Reg,
        /// Source.
        from: Reg,
        /// By how many bits; less than 32.
        bits: u32,
    },
    /// `to[l]` is lane `lanes[l]` of `left` and `right`, counted through: those of `right` follow those of `left`.
    Shuffle {
        /// Destination; has several lanes.
        to: Reg,
        /// The first lanes to take from.
        left: Reg,
        /// The other lanes to take from.
        right: Reg,
        /// For each lane of the destination, the lane that it takes.
        lanes: Vec<usize>,
    },
}

impl Instr {
    /// The register that is written.
    pub fn written(&self) -> Option<Reg> {
        match *self {
            Instr::Constant { to, .. }
            | Instr::Load { to, .. }
            | Instr::Broadcast { to, .. }
            | Instr::Binary { to, .. }
            | Instr::MultiplyAdd { to, .. }
            | Instr::SelectLess { to, .. }
            | Instr::ShiftLeft { to, .. }
            | Instr::Shuffle { to, .. } => Some(to),
            Instr::Store { .. } | Instr::Prefetch { .. } => None,
        }
    }

    /// The registers that are read.
    pub fn operands(&self) -> impl Iterator<Item = Reg> {
        let operands = match *self {
            Instr::Constant { .. } | Instr::Load { .. } | Instr::Broadcast { .. } | Instr::Prefetch { .. } => [None; 4],
            Instr::Store { from, .. } | Instr::ShiftLeft { from, .. } => [Some(from), None, None, None],
            Instr::Binary { left, right, .. } | Instr::Shuffle { left, right, .. } => {
                [Some(left), Some(right), None, None]
            }
            Instr::MultiplyAdd { left, right, addend, .. } => [Some(left), Some(right), Some(addend), None],
            Instr::SelectLess { left, right, yes, no, .. } => [left, right, yes, no].map(Some),
        };
        operands.into_iter().flatten()
    }

    /// All registers, as often as they occur.
    pub fn registers_mut(&mut self) -> Vec<&mut Reg> {
        match self {
            Instr::Constant { to, .. } | Instr::Load { to, .. } | Instr::Broadcast { to, .. } => vec![to],
            Instr::Store { from, .. } => vec![from],
            Instr::Prefetch { .. } => vec![],
            Instr::ShiftLeft { to, from, .. } => vec![to, from],
            Instr::Binary { to, left, right, .. } | Instr::Shuffle { to, left, right, .. } => vec![to, left, right],
            Instr::MultiplyAdd { to, left, right, addend, .. } => vec![to, left, right, addend],
            Instr::SelectLess { to, left, right, yes, no, .. } => vec![to, left, right, yes, no],
        }
    }

    /// The memory that is read, written or asked for.
    pub fn access(&self) -> Option<&Access> {
        match self {
            Instr::Load { from, .. } | Instr::Broadcast { from, .. } => Some(from),
            Instr::Store { to, .. } => Some(to),
            Instr::Prefetch { at } => Some(at),
            Instr::Constant { .. }
            | Instr::Binary { .. }
            | Instr::MultiplyAdd { .. }
            | Instr::SelectLess { .. }
            | Instr::ShiftLeft { .. }
            | Instr::Shuffle { .. } => None,
        }
    }
}

/// Arithmetic of two operands, as IEEE 754 has it, rounding to nearest even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `a + b`
    Add,
    /// `a − b`
    Sub,
    /// `a · b`
    Mul,
    /// `a / b`
    Div,
    /// `if a < b { a } else { b }`: the second operand when either is NaN or both are zero.
    Min,
    /// `if a > b { a } else { b }`: the second operand when either is NaN or both are zero.
    Max,
}

/// An element of a buffer, or several along one of its dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Which buffer.
    pub buffer: BufferId,
    /// One index per dimension of the buffer, of lane 0. With fewer, the last runs over all dimensions from its own on.
    pub index: Vec<Affine>,
    /// Where the other lanes are.
    pub lanes: Option<Lanes>,
}

/// Where the lanes of an [`Access`] are: lane `l` adds `l·step` to the index of dimension `dim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// One of the dimensions that the access has an index for.
    pub dim: usize,
    /// Positions between neighbouring lanes along that dimension.
    pub step: i64,
    /// The lanes that touch memory, if not all do.
    pub part: Option<Part>,
}

/// Neighbouring lanes of a register, `from..to`. At least one, and not all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first lane.
    pub from: usize,
    /// One more than the last lane.
    pub to: usize,
}

impl Lanes {
    /// All lanes of a register, `step` positions apart.
    pub fn all(dim: usize, step: i64) -> Lanes {
        Lanes { dim, step, part: None }
    }

    /// The lanes of a register that touch memory, of so many.
    pub fn active(&self, lanes: usize) -> Range<usize> {
        Part::range(self.part, lanes)
    }
}

impl Part {
    /// The part with these lanes, of so many; none where they are all.
    pub fn of(active: Range<usize>, lanes: usize) -> Option<Part> {
        (active != (0..lanes)).then_some(Part { from: active.start, to: active.end })
    }

    /// The lanes of a part; all of so many where there is none.
    pub fn range(part: Option<Part>, lanes: usize) -> Range<usize> {
        part.map_or(0..lanes, |part| part.from..part.to)
    }
}

impl Access {
    /// The element offset of lane 0 in the buffer.
    pub fn offset(&self, buffer: &Buffer) -> Affine {
        let rank = self.index.len();
        let indices = self.index.iter().enumerate();
        indices.fold(Affine::constant(0), |sum, (dim, index)| sum.plus_times(index, buffer.stride(dim, rank) as i64))
    }

    /// Elements between neighbouring lanes; 1 means contiguous.
    pub fn lane_stride(&self, buffer: &Buffer) -> i64 {
        self.lanes.map_or(1, |lanes| lanes.step * buffer.stride(lanes.dim, self.index.len()) as i64)
    }

    /// The lanes that touch memory, of a register with so many.
    pub fn active(&self, lanes: usize) -> Range<usize> {
        self.lanes.map_or(0..1, |along| along.active(lanes))
    }
}
