//! A tile with what its registers need: which values die where, and which loads an instruction can do by itself.

use std::collections::BTreeMap;

use atrous_compiler::plan::{BinaryOp, Count, Instr, Reg, Step, Tile, Var};

use super::{Frame, InstructionSet};

/// A step of a tile.
pub(super) enum Node<'a> {
    /// One instruction.
    Do(Do<'a>),
    /// The nodes for `var` in `0..count`.
    Loop {
        var: Var,
        count: Count,
        body: Vec<Node<'a>>,
        /// Registers that are alive at the start of the body, and hence behind it.
        kept: Vec<Reg>,
        /// Those of them that nobody reads behind the loop.
        dead: Vec<Reg>,
    },
}

/// An instruction in its place.
pub(super) struct Do<'a> {
    pub instr: &'a Instr,
    /// The number of its access among those of the tile.
    pub site: Option<usize>,
    /// An operand that is no register but memory.
    pub folded: Option<Folded>,
    /// Operands and results that nobody reads any more.
    pub dead: Vec<Reg>,
}

/// A load that the only instruction which reads its register does itself.
#[derive(Clone, Copy)]
pub(super) struct Folded {
    pub register: Reg,
    pub site: usize,
    /// Whether all lanes are one element.
    pub is_broadcast: bool,
}

/// The tile as nodes.
pub(super) fn of<'a>(set: InstructionSet, tile: &'a Tile, frame: &Frame) -> Vec<Node<'a>> {
    let mut alive = vec![false; tile.registers.len()];
    let mut walk = Walk { set, tile, frame, site: frame.sites.len() };
    walk.backwards(&tile.body, &mut alive)
}

struct Walk<'a, 'f> {
    set: InstructionSet,
    tile: &'a Tile,
    frame: &'f Frame,
    /// One more than the number of the next access on the way to the start.
    site: usize,
}

impl<'a> Walk<'a, '_> {
    /// `alive` is what is alive behind the steps, then what is alive before them.
    fn backwards(&mut self, steps: &'a [Step], alive: &mut [bool]) -> Vec<Node<'a>> {
        let mut nodes = Vec::new();
        // Registers whose next reader is their last and could read memory instead, with its place in `nodes`.
        let mut readers = BTreeMap::new();
        for step in steps.iter().rev() {
            match step {
                Step::Do(instr) => {
                    let node = self.instruction(instr, alive, &mut readers, &mut nodes);
                    nodes.extend(node.map(Node::Do));
                }
                Step::Reduce { var, count, body } => {
                    readers.clear();
                    nodes.push(self.reduce(*var, *count, body, alive));
                }
            }
        }
        nodes.reverse();
        nodes
    }

    fn reduce(&mut self, var: Var, count: Count, body: &'a [Step], alive: &mut [bool]) -> Node<'a> {
        let behind = alive.to_vec();
        let mut read_first = vec![false; alive.len()];
        alive_before(body, &mut read_first);
        alive.iter_mut().zip(read_first).for_each(|(alive, read)| *alive |= read);
        let head = alive.to_vec();
        let nodes = self.backwards(body, alive);
        alive.copy_from_slice(&head);
        let kept: Vec<Reg> = (0..head.len()).filter(|&register| head[register]).map(Reg).collect();
        let dead = kept.iter().copied().filter(|register| !behind[register.0]).collect();
        Node::Loop { var, count, body: nodes, kept, dead }
    }

    fn instruction(
        &mut self,
        instr: &'a Instr,
        alive: &mut [bool],
        readers: &mut BTreeMap<Reg, usize>,
        nodes: &mut [Node<'a>],
    ) -> Option<Do<'a>> {
        let site = instr.access().map(|_| {
            self.site -= 1;
            self.site
        });
        if let Some(folded) = site.and_then(|site| self.foldable(instr, site))
            && let Some(&reader) = readers.get(&folded.register)
            && let Node::Do(reader) = &mut nodes[reader]
            && reader.folded.is_none()
        {
            reader.dead.retain(|&register| register != folded.register);
            reader.folded = Some(folded);
            readers.remove(&folded.register);
            alive[folded.register.0] = false;
            return None;
        }
        let mut dead = Vec::new();
        if let Some(to) = instr.written() {
            readers.remove(&to);
            if !alive[to.0] {
                dead.push(to);
            }
            alive[to.0] = false;
        }
        let operands: Vec<Reg> = instr.operands().collect();
        for &operand in &operands {
            readers.remove(&operand);
            if !alive[operand.0] && Some(operand) != instr.written() {
                alive[operand.0] = true;
                dead.push(operand);
                if in_memory(instr, operand) {
                    readers.insert(operand, nodes.len());
                }
            }
            alive[operand.0] = true;
        }
        Some(Do { instr, site, folded: None, dead })
    }

    /// A load that can be an operand in memory.
    fn foldable(&self, instr: &Instr, site: usize) -> Option<Folded> {
        let lanes = |register: Reg| self.tile.registers[register.0].lanes;
        let contiguous = self.frame.sites[site].stride == 1 && self.frame.sites[site].part.is_none();
        match (self.set, instr) {
            (InstructionSet::Avx512, Instr::Broadcast { to, .. }) => {
                Some(Folded { register: *to, site, is_broadcast: true })
            }
            (InstructionSet::Avx512, Instr::Load { to, .. }) if lanes(*to) == 1 => {
                Some(Folded { register: *to, site, is_broadcast: true })
            }
            (_, Instr::Load { to, .. }) if lanes(*to) >= 4 && contiguous => {
                Some(Folded { register: *to, site, is_broadcast: false })
            }
            _ => None,
        }
    }
}

/// Whether an operand of an instruction may be in memory.
fn in_memory(instr: &Instr, operand: Reg) -> bool {
    let once = instr.operands().filter(|&other| other == operand).count() == 1;
    once && match *instr {
        Instr::MultiplyAdd { addend, fused, .. } => fused && operand != addend,
        Instr::Binary { op: BinaryOp::Add | BinaryOp::Mul, .. } => true,
        Instr::Binary { right, .. } => operand == right,
        _ => false,
    }
}

/// The registers alive before the steps, given those alive behind them; loops may run no time.
fn alive_before(steps: &[Step], alive: &mut [bool]) {
    for step in steps.iter().rev() {
        match step {
            Step::Do(instr) => {
                instr.written().into_iter().for_each(|register| alive[register.0] = false);
                instr.operands().for_each(|register| alive[register.0] = true);
            }
            Step::Reduce { body, .. } => {
                let behind = alive.to_vec();
                alive_before(body, alive);
                alive.iter_mut().zip(behind).for_each(|(alive, behind)| *alive |= behind);
            }
        }
    }
}
