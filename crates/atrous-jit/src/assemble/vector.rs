//! Vector instructions.

use atrous_compiler::plan::{BinaryOp, Instr, Part, Reg};
use iced_x86::{Code, Instruction, MemoryOperand, Register};

use super::codes::{self, Codes, Width};
use super::lanes::bits;
use super::listing::Operand;
use super::pointers::word;
use super::program::{Do, Folded};
use super::registers::Home;
use super::{Assembler, InstructionSet};

/// `<`, false for NaN, without exceptions.
const LESS: u32 = 0x11;

/// Words of a vector in the frame, the widest there is.
const VECTOR_WORDS: usize = 8;

impl Assembler<'_> {
    pub(super) fn instruction(&mut self, node: &Do) {
        self.registers.start();
        if let (Instr::Prefetch { .. }, Some(site)) = (node.instr, node.site) {
            return self.prefetch(site);
        }
        let main = node.instr.written().or_else(|| node.instr.operands().next());
        let Some(main) = main else { return };
        let lanes = self.tile.registers[main.0].lanes;
        let width = Width::of(lanes);
        // First, because it may need the register that an address is computed in.
        let mask = self.mask_of(node.instr, lanes);
        let folded = node.folded.map(|folded| (folded.register, self.folded(folded)));
        let operand = |assembler: &mut Self, register: Reg| match folded {
            Some((other, memory)) if other == register => Operand::Memory(memory),
            _ => Operand::Register(width.register(assembler.read(register, width))),
        };
        let operands: Vec<Operand> = node.instr.operands().map(|register| operand(self, register)).collect();
        if let (Instr::Store { .. }, Some(site), [Operand::Register(from)]) = (node.instr, node.site, &operands[..]) {
            self.store(*from, lanes, site);
        }
        let written = node.instr.written();
        node.dead
            .iter()
            .filter(|&&register| Some(register) != written)
            .for_each(|&register| self.registers.release(register));
        if let Some(to) = written {
            // The summand of a multiply-add comes last; what a selection or a shuffle reads last is still needed when its
            // result is written.
            let last = match node.instr {
                Instr::SelectLess { .. } => 2,
                Instr::Shuffle { .. } => 1,
                _ => operands.len(),
            };
            let wishes: Vec<u8> = operands[..last].iter().rev().filter_map(number).collect();
            let pointers = &mut self.pointers;
            let home = self.registers.define(to, &wishes, || pointers.reserve(VECTOR_WORDS));
            let number = match home {
                Home::Register(number) => number,
                Home::Memory(_) => self.registers.temporary(),
            };
            self.registers.hold(number);
            self.compute(node, width.register(number), lanes, &operands, mask);
            if let Home::Memory(index) = home {
                self.put(codes::STORE, width, word(index), number);
            }
            if node.dead.contains(&to) {
                self.registers.release(to);
            }
        }
    }

    /// The vector register with a value, which may have to be loaded first.
    fn read(&mut self, register: Reg, width: Width) -> u8 {
        match self.registers.home(register) {
            Some(Home::Register(number)) => {
                self.registers.hold(number);
                number
            }
            Some(Home::Memory(index)) => {
                let number = self.registers.temporary();
                let code = self.set.code(codes::LOAD, width);
                self.listing.two(code, width.register(number), Operand::Memory(word(index)));
                number
            }
            // A verified tile reads nothing that has not been written.
            None => 0,
        }
    }

    fn put(&mut self, codes: Codes, width: Width, to: MemoryOperand, number: u8) {
        let code = self.set.code(codes, width);
        self.listing.push(Instruction::with2(code, to, width.register(number)));
    }

    fn folded(&mut self, folded: Folded) -> MemoryOperand {
        let mut memory = self.element(folded.site, 0);
        memory.is_broadcast = folded.is_broadcast;
        memory
    }

    /// A lane of an access.
    pub(super) fn element(&mut self, site: usize, lane: i64) -> MemoryOperand {
        self.beside(site, lane.wrapping_mul(self.frame.sites[site].stride))
    }

    /// An element that is some elements behind lane 0 of an access.
    pub(super) fn beside(&mut self, site: usize, elements: i64) -> MemoryOperand {
        let site = self.frame.sites[site];
        let displacement = site.displacement.wrapping_add(elements.wrapping_mul(4));
        self.pointers.element(&mut self.listing, site.pointer, displacement)
    }

    /// The mask register for the lanes in which an instruction works, if it is not all of them and the machine has mask
    /// registers.
    fn mask_of(&mut self, instr: &Instr, lanes: usize) -> Option<Register> {
        match (self.set, instr) {
            (InstructionSet::Avx512, Instr::MultiplyAdd { part: Some(part), .. }) if lanes > 1 => {
                Some(self.mask(bits(&(part.from..part.to))))
            }
            _ => None,
        }
    }

    fn compute(&mut self, node: &Do, to: Register, lanes: usize, operands: &[Operand], mask: Option<Register>) {
        let width = Width::of(lanes);
        match (node.instr, operands) {
            (Instr::Constant { value, .. }, _) => self.constant(to, width, value.get()),
            (Instr::Load { .. }, _) => {
                if let Some(site) = node.site {
                    self.load(to, lanes, site);
                }
            }
            (Instr::Broadcast { .. }, _) => {
                if let Some(site) = node.site {
                    let memory = self.element(site, 0);
                    self.listing.two(self.set.code(codes::BROADCAST, width), to, Operand::Memory(memory));
                }
            }
            (Instr::Binary { op, .. }, &[left, right]) => self.binary(*op, width, to, left, right),
            (Instr::MultiplyAdd { part: Some(part), fused, .. }, &[left, right, Operand::Register(addend)]) => {
                self.multiply_add_in_part(width, to, [left, right], addend, *fused, (*part, mask));
            }
            (Instr::MultiplyAdd { fused: true, .. }, &[left, right, Operand::Register(addend)]) => {
                self.fused_multiply_add(width, to, [left, right], addend);
            }
            (Instr::MultiplyAdd { .. }, &[Operand::Register(left), right, addend]) => {
                let overwrites = matches!(addend, Operand::Register(addend) if addend == to);
                let product = if overwrites { width.register(self.registers.temporary()) } else { to };
                self.listing.three(self.set.code(codes::MUL, width), product, left, right);
                self.listing.three(self.set.code(codes::ADD, width), to, product, addend);
            }
            (
                Instr::SelectLess { .. },
                &[Operand::Register(left), right, Operand::Register(yes), Operand::Register(no)],
            ) => {
                self.select_less(width, to, [left, yes, no], right);
            }
            (Instr::ShiftLeft { bits, .. }, &[from]) => {
                self.listing.two_and_number(self.set.code(codes::SHIFT_LEFT, width), to, from, *bits);
            }
            (Instr::Shuffle { lanes, .. }, &[Operand::Register(left), Operand::Register(right)]) => {
                self.shuffle(width, to, [left, right], lanes);
            }
            // Stores write no register, and of the other instructions only some operands are ever in memory.
            _ => self.misfit(),
        }
    }

    fn constant(&mut self, to: Register, width: Width, value: f32) {
        let bits = value.to_bits();
        if bits == 0 {
            self.listing.three(self.set.code(codes::XOR, width), to, to, Operand::Register(to));
        } else {
            let memory = self.listing.constant(vec![bits]);
            self.listing.two(self.set.code(codes::BROADCAST, width), to, Operand::Memory(memory));
        }
    }

    fn binary(&mut self, op: BinaryOp, width: Width, to: Register, left: Operand, right: Operand) {
        let codes = match op {
            BinaryOp::Add => codes::ADD,
            BinaryOp::Sub => codes::SUB,
            BinaryOp::Mul => codes::MUL,
            BinaryOp::Div => codes::DIV,
            BinaryOp::Min => codes::MIN,
            BinaryOp::Max => codes::MAX,
        };
        // Only the right operand can be in memory; that of a sum or product may be either.
        match (left, right) {
            (Operand::Register(left), right) => self.listing.three(self.set.code(codes, width), to, left, right),
            (left, Operand::Register(right)) => self.listing.three(self.set.code(codes, width), to, right, left),
            _ => self.misfit(),
        }
    }

    fn fused_multiply_add(&mut self, width: Width, to: Register, factors: [Operand; 2], addend: Register) {
        let (register, other) = match factors {
            [Operand::Register(left), right] => (left, right),
            [left, Operand::Register(right)] => (right, left),
            _ => return self.misfit(),
        };
        let is_to = |operand: Operand| matches!(operand, Operand::Register(register) if register == to);
        if to == addend {
            self.listing.three(self.set.code(codes::FMA_231, width), to, register, other);
        } else if register == to {
            self.listing.three(self.set.code(codes::FMA_132, width), to, addend, other);
        } else if is_to(other) {
            self.listing.three(self.set.code(codes::FMA_213, width), to, register, Operand::Register(addend));
        } else {
            self.listing.two(self.set.code(codes::COPY, width), to, Operand::Register(addend));
            self.listing.three(self.set.code(codes::FMA_231, width), to, register, other);
        }
    }

    /// The sums of some lanes, beside the other lanes of the addend.
    fn multiply_add_in_part(
        &mut self,
        width: Width,
        to: Register,
        factors: [Operand; 2],
        addend: Register,
        fused: bool,
        (part, mask): (Part, Option<Register>),
    ) {
        let (register, other) = match factors {
            [Operand::Register(left), right] => (left, right),
            [left, Operand::Register(right)] => (right, left),
            _ => return self.misfit(),
        };
        if let (true, Some(mask), true) = (fused, mask, to == addend) {
            return self.listing.three_masked(self.set.code(codes::FMA_231, width), to, register, other, mask);
        }
        let sums = width.register(self.registers.temporary());
        if fused {
            self.listing.two(self.set.code(codes::COPY, width), sums, Operand::Register(addend));
            self.listing.three(self.set.code(codes::FMA_231, width), sums, register, other);
        } else {
            self.listing.three(self.set.code(codes::MUL, width), sums, register, other);
            self.listing.three(self.set.code(codes::ADD, width), sums, sums, Operand::Register(addend));
        }
        match mask {
            Some(mask) => {
                let select = self.set.code(codes::SELECT, width);
                self.listing.three_masked(select, to, addend, Operand::Register(sums), mask);
            }
            None => {
                let code = match width {
                    Width::Xmm => Code::VEX_Vblendps_xmm_xmm_xmmm128_imm8,
                    _ => Code::VEX_Vblendps_ymm_ymm_ymmm256_imm8,
                };
                self.listing.three_and_number(
                    code,
                    to,
                    addend,
                    Operand::Register(sums),
                    bits(&(part.from..part.to)).into(),
                );
            }
        }
    }

    fn select_less(&mut self, width: Width, to: Register, [left, yes, no]: [Register; 3], right: Operand) {
        let (compare, select) = (self.set.code(codes::COMPARE, width), self.set.code(codes::SELECT, width));
        match self.set {
            InstructionSet::Avx2 => {
                let mask = if to == yes || to == no { width.register(self.registers.temporary()) } else { to };
                self.listing.three_and_number(compare, mask, left, right, LESS);
                self.listing.push(Instruction::with4(select, to, no, yes, mask));
            }
            InstructionSet::Avx512 => {
                self.listing.three_and_number(compare, Register::K1, left, right, LESS);
                self.listing.three_masked(select, to, no, Operand::Register(yes), Register::K1);
            }
        }
    }

    /// One of two encodings.
    pub(super) fn either(&self, vex: Code, evex: Code) -> Code {
        self.set.either(vex, evex)
    }
}

/// The number of a vector register that is an operand.
fn number(operand: &Operand) -> Option<u8> {
    match operand {
        Operand::Register(register) => Some(codes::number(*register)),
        Operand::Memory(_) => None,
    }
}
