//! Shuffles of the lanes of two registers: one cheap instruction for the usual patterns, or a permutation by a vector of
//! lane numbers.

use iced_x86::{Code, Register};

use super::codes::{self, Width};
use super::lanes::QUAD;
use super::listing::Operand;
use super::{Assembler, InstructionSet};

/// For each lane of a result, its number in the lanes of `left` and those of `right` behind them.
struct Order {
    lanes: Vec<usize>,
    /// Lanes of a register.
    count: usize,
    /// Whether both operands are one register, so that its lanes have two numbers.
    is_one: bool,
}

impl Order {
    /// Whether each lane is the one that a function says.
    fn is(&self, lane: impl Fn(usize) -> usize) -> bool {
        let numbers = if self.is_one { self.count } else { 2 * self.count };
        self.lanes.iter().enumerate().all(|(to, &from)| from % numbers == lane(to) % numbers)
    }

    /// The order that has the same result of exchanged operands.
    fn exchanged(&self) -> Order {
        let lanes = self.lanes.iter().map(|lane| (lane + self.count) % (2 * self.count)).collect();
        Order { lanes, ..*self }
    }

    /// The lane numbers of a whole register.
    fn words(&self) -> Vec<u32> {
        let mut words: Vec<u32> = self.lanes.iter().map(|&lane| lane as u32).collect();
        words.resize(self.count, 0);
        words
    }

    /// The position in its four lanes of each of the first lanes, two bits each.
    fn in_quad(&self) -> u32 {
        self.lanes.iter().take(QUAD).enumerate().map(|(lane, from)| ((from % QUAD) as u32) << (2 * lane)).sum()
    }

    /// A bit per lane that comes from the second operand.
    fn right_lanes(&self) -> u32 {
        self.lanes.iter().enumerate().map(|(to, from)| u32::from(*from >= self.count) << to).sum()
    }
}

impl Assembler<'_> {
    pub(super) fn shuffle(&mut self, width: Width, to: Register, [left, right]: [Register; 2], lanes: &[usize]) {
        let (count, is_one) = (width.lanes(), left == right);
        // Two lanes are in a register of four.
        let number = |&lane: &usize| if lane < lanes.len() { lane } else { count + lane - lanes.len() };
        let mut order = Order { lanes: lanes.iter().map(number).collect(), count, is_one };
        if is_one {
            order.lanes.iter_mut().for_each(|lane| *lane %= count);
        }
        let exchanged = order.exchanged();
        let both = [(&order, [left, right]), (&exchanged, [right, left])];
        for (order, [left, right]) in both {
            if let Some((code, number)) = self.single(width, order) {
                let right = Operand::Register(right);
                return match number {
                    Some(number) => self.listing.three_and_number(code, to, left, right, number),
                    None => self.listing.three(code, to, left, right),
                };
            }
        }
        match (self.set, width) {
            (InstructionSet::Avx512, _) => {
                self.permute_two(width, to, left, Operand::Register(right), order.words());
            }
            (InstructionSet::Avx2, Width::Xmm) => self.permute_quads(to, [left, right], &order),
            (InstructionSet::Avx2, _) => {
                let short =
                    |(order, operands)| self.shift(to, operands, order) || self.every_second(to, operands, order);
                if !both.into_iter().any(short) {
                    self.permute_each(to, [left, right], &order);
                }
            }
        }
    }

    /// An instruction on both operands that does all, with its immediate number.
    fn single(&self, width: Width, order: &Order) -> Option<(Code, Option<u32>)> {
        let count = order.count;
        let in_quads = |lane: usize, in_quad: usize| lane / QUAD * QUAD + in_quad;
        let unpack = |lane: usize| in_quads(lane, lane % QUAD / 2) + lane % 2 * count;
        if order.is(unpack) {
            return Some((self.set.code(codes::UNPACK_LOW, width), None));
        }
        if order.is(|lane| unpack(lane) + 2) {
            return Some((self.set.code(codes::UNPACK_HIGH, width), None));
        }
        let pick = order.in_quad();
        let two_and_two = |lane: usize| {
            let in_quad = pick >> (2 * (lane % QUAD)) & 3;
            in_quads(lane, in_quad as usize) + if lane % QUAD < 2 { 0 } else { count }
        };
        if order.is(two_and_two) {
            return Some((self.set.code(codes::SHUFFLE, width), Some(pick)));
        }
        if let Some(whole) = self.whole_quads(width, order) {
            return Some(whole);
        }
        // Lanes of the second operand, then of the first.
        let shift = (order.lanes[0] + count) % (2 * count);
        let shifts = shift < count && order.is(|lane| lane + shift + count);
        match (self.set, width) {
            (InstructionSet::Avx512, _) if shifts => {
                return Some((self.set.code(codes::ALIGN, width), Some(shift as u32)));
            }
            (InstructionSet::Avx2, Width::Xmm) if shifts => {
                return Some((self.set.code(codes::ALIGN, width), Some(4 * shift as u32)));
            }
            _ => {}
        }
        let right = order.right_lanes();
        let blends = order.is(|lane| lane + if right >> lane & 1 == 1 { count } else { 0 });
        match (self.set, width) {
            (InstructionSet::Avx2, Width::Xmm) if blends => {
                Some((Code::VEX_Vblendps_xmm_xmm_xmmm128_imm8, Some(right)))
            }
            (InstructionSet::Avx2, _) if blends => Some((Code::VEX_Vblendps_ymm_ymm_ymmm256_imm8, Some(right))),
            _ => None,
        }
    }

    /// Groups of four lanes that stay together.
    fn whole_quads(&self, width: Width, order: &Order) -> Option<(Code, Option<u32>)> {
        let quads = order.count / QUAD;
        if quads == 1 || !order.is(|lane| order.lanes[lane / QUAD * QUAD] / QUAD * QUAD + lane % QUAD) {
            return None;
        }
        let from: Vec<usize> = order.lanes.iter().step_by(QUAD).map(|lane| lane / QUAD).collect();
        let packed = |bits: usize, count: usize| {
            from.iter().enumerate().map(|(quad, from)| ((from % count) as u32) << (bits * quad)).sum()
        };
        // The first half of the result from the first operand.
        let halves = order.is_one || from.iter().enumerate().all(|(quad, &from)| (from < quads) == (quad < quads / 2));
        match (self.set, width) {
            (InstructionSet::Avx2, _) => Some((Code::VEX_Vperm2f128_ymm_ymm_ymmm256_imm8, Some(packed(4, 4)))),
            (_, Width::Zmm) if halves => Some((Code::EVEX_Vshuff32x4_zmm_k1z_zmm_zmmm512b32_imm8, Some(packed(2, 4)))),
            (_, Width::Ymm) if halves => Some((Code::EVEX_Vshuff32x4_ymm_k1z_ymm_ymmm256b32_imm8, Some(packed(1, 2)))),
            _ => None,
        }
    }

    /// `to` is the lanes of `left` and `right` with the numbers in a vector.
    pub(super) fn permute_two(&mut self, width: Width, to: Register, left: Register, right: Operand, order: Vec<u32>) {
        let reads = |register: Register| matches!(right, Operand::Register(right) if right == register);
        let held = self.held_vector(&order);
        let result = match &held {
            Some(_) if to == left || !reads(to) => to,
            None if to != left && !reads(to) => to,
            None if to == left => width.register(self.registers.temporary_constant()),
            _ => width.register(self.registers.temporary()),
        };
        match held {
            Some(order) => {
                if result != left {
                    self.copy(width, result, left);
                }
                let code = match width {
                    Width::Xmm => Code::EVEX_Vpermt2ps_xmm_k1z_xmm_xmmm128b32,
                    Width::Ymm => Code::EVEX_Vpermt2ps_ymm_k1z_ymm_ymmm256b32,
                    Width::Zmm => Code::EVEX_Vpermt2ps_zmm_k1z_zmm_zmmm512b32,
                };
                self.listing.three(code, result, order, right);
            }
            None => {
                self.load_constant(codes::number(result), order);
                let code = match width {
                    Width::Xmm => Code::EVEX_Vpermi2ps_xmm_k1z_xmm_xmmm128b32,
                    Width::Ymm => Code::EVEX_Vpermi2ps_ymm_k1z_ymm_ymmm256b32,
                    Width::Zmm => Code::EVEX_Vpermi2ps_zmm_k1z_zmm_zmmm512b32,
                };
                self.listing.three(code, result, left, right);
            }
        }
        if result != to {
            self.copy(width, to, result);
        }
    }

    fn copy(&mut self, width: Width, to: Register, from: Register) {
        self.listing.two(self.set.code(codes::COPY, width), to, Operand::Register(from));
    }

    /// Lanes of one register from some lane on, then the first ones of the other, if the order is such.
    fn shift(&mut self, to: Register, [left, right]: [Register; 2], order: &Order) -> bool {
        let shift = order.lanes[0];
        if shift >= order.count || !order.is(|lane| lane + shift) {
            return false;
        }
        // The second half of `left`, and the first of `right`.
        let between = Width::Ymm.register(self.registers.temporary());
        let halves = Code::VEX_Vperm2f128_ymm_ymm_ymmm256_imm8;
        self.listing.three_and_number(halves, between, left, Operand::Register(right), 0x21);
        let [low, high] = if shift < QUAD { [left, between] } else { [between, right] };
        let align = self.set.code(codes::ALIGN, Width::Ymm);
        self.listing.three_and_number(align, to, high, Operand::Register(low), 4 * (shift % QUAD) as u32);
        true
    }

    /// Every second lane of one register, then of the other, if the order is such.
    fn every_second(&mut self, to: Register, [left, right]: [Register; 2], order: &Order) -> bool {
        let first = order.lanes[0];
        if first > 1 || !order.is(|lane| 2 * lane + first) {
            return false;
        }
        let pick = if first == 0 { 0b10_00_10_00 } else { 0b11_01_11_01 };
        let shuffle = self.set.code(codes::SHUFFLE, Width::Ymm);
        self.listing.three_and_number(shuffle, to, left, Operand::Register(right), pick);
        self.permute_pairs(to, 0b11_01_10_00);
        true
    }

    /// Any order of two registers of four lanes.
    fn permute_quads(&mut self, to: Register, [left, right]: [Register; 2], order: &Order) {
        let permute = self.set.code(codes::PERMUTE_IN_QUADS, Width::Xmm);
        let temporary = Width::Xmm.register(self.registers.temporary());
        self.listing.two_and_number(permute, temporary, Operand::Register(left), order.in_quad());
        self.listing.two_and_number(permute, to, Operand::Register(right), order.in_quad());
        let blend = Code::VEX_Vblendps_xmm_xmm_xmmm128_imm8;
        self.listing.three_and_number(blend, to, temporary, Operand::Register(to), order.right_lanes());
    }

    /// Any order of two registers of eight lanes. Permutations count modulo eight.
    fn permute_each(&mut self, to: Register, [left, right]: [Register; 2], order: &Order) {
        let permute = Code::VEX_Vpermps_ymm_ymm_ymmm256;
        let words = order.words().iter().map(|lane| lane % order.count as u32).collect();
        let numbers = self.constant_vector(words);
        let right_lanes = order.right_lanes();
        if right_lanes == 0 || right_lanes == 0xff {
            let from = if right_lanes == 0 { left } else { right };
            return self.listing.three(permute, to, numbers, Operand::Register(from));
        }
        let temporary = Width::Ymm.register(self.registers.temporary());
        self.listing.three(permute, temporary, numbers, Operand::Register(left));
        self.listing.three(permute, to, numbers, Operand::Register(right));
        let blend = Code::VEX_Vblendps_ymm_ymm_ymmm256_imm8;
        self.listing.three_and_number(blend, to, temporary, Operand::Register(to), right_lanes);
    }
}
