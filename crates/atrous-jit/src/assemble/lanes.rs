//! Loads and stores, whose lanes may be apart, and of which only some may touch memory.

use std::ops::Range;

use iced_x86::{Code, Instruction, MemoryOperand, Register};

use super::codes::{self, Width};
use super::listing::Operand;
use super::{Assembler, InstructionSet};

/// Lanes of 128 bits.
pub(super) const QUAD: usize = 4;

/// A bit per lane of a range.
pub(super) fn bits(lanes: &Range<usize>) -> u16 {
    (((1u32 << lanes.end) - 1) & !((1u32 << lanes.start) - 1)) as u16
}

/// Whether the lanes are the first ones of a register, as many as an instruction without a mask can move.
fn is_whole(bits: u16) -> bool {
    matches!(bits, 0x1 | 0x3 | 0xf | 0xff | 0xffff)
}

/// The smallest register that has all lanes with a bit.
fn narrowest(bits: u16) -> Width {
    Width::of((u16::BITS - bits.leading_zeros()) as usize)
}

/// The lanes of a quad that are in a range, counted from the first of the quad.
fn in_quad(lanes: &Range<usize>, quad: usize) -> Range<usize> {
    let within = |lane: usize| lane.saturating_sub(QUAD * quad).min(QUAD);
    within(lanes.start)..within(lanes.end)
}

impl Assembler<'_> {
    pub(super) fn load(&mut self, to: Register, lanes: usize, site: usize) {
        let (width, number) = (Width::of(lanes), codes::number(to));
        let active = self.frame.sites[site].active(lanes);
        match (lanes, self.frame.sites[site].stride) {
            (1, _) | (_, 1) => self.load_neighbours(number, bits(&active), site, 0),
            (4.., -1) => self.load_reversed(to, width, lanes, site),
            (4.., 2) => self.load_every_second(to, width, lanes, site),
            _ => self.load_one_by_one(to, width, &active, site),
        }
    }

    /// Loads the lanes with a bit from where they would be if lane 0 were `start` elements behind that of an access; the
    /// others become zero.
    fn load_neighbours(&mut self, to: u8, bits: u16, site: usize, start: i64) {
        let width = narrowest(bits);
        let register = width.register(to);
        if is_whole(bits) {
            let memory = Operand::Memory(self.beside(site, start));
            return match bits {
                0x1 => self.listing.two(
                    self.either(Code::VEX_Vmovss_xmm_m32, Code::EVEX_Vmovss_xmm_k1z_m32),
                    register,
                    memory,
                ),
                0x3 => self.listing.two(
                    self.either(Code::VEX_Vmovsd_xmm_m64, Code::EVEX_Vmovsd_xmm_k1z_m64),
                    register,
                    memory,
                ),
                _ => self.listing.two(self.set.code(codes::LOAD, width), register, memory),
            };
        }
        match self.set {
            InstructionSet::Avx512 => {
                let mask = self.mask(bits);
                let memory = self.beside(site, start);
                let load = Instruction::with2(self.set.code(codes::LOAD, width), register, memory);
                self.listing.push(load.map(|mut load| {
                    load.set_op_mask(mask);
                    load.set_zeroing_masking(true);
                    load
                }));
            }
            InstructionSet::Avx2 => {
                let words: Vec<u32> = (0..width.lanes()).map(|lane| u32::from(bits >> lane & 1) * u32::MAX).collect();
                let mask = self.held_vector(&words).unwrap_or_else(|| self.load_constant(to, words));
                let memory = Operand::Memory(self.beside(site, start));
                let code = match width {
                    Width::Xmm => Code::VEX_Vmaskmovps_xmm_xmm_m128,
                    _ => Code::VEX_Vmaskmovps_ymm_ymm_m256,
                };
                self.listing.three(code, register, mask, memory);
            }
        }
    }

    /// Neighbours in descending order.
    fn load_reversed(&mut self, to: Register, width: Width, lanes: usize, site: usize) {
        let first = 1 - lanes as i64;
        let active = self.frame.sites[site].active(lanes);
        let from = if active.len() == lanes {
            Operand::Memory(self.beside(site, first))
        } else {
            let bits = bits(&(lanes - active.end..lanes - active.start));
            self.load_neighbours(codes::number(to), bits, site, first);
            Operand::Register(to)
        };
        if width == Width::Zmm {
            let order = self.constant_vector((0..16).rev().collect());
            return self.listing.three(Code::EVEX_Vpermps_zmm_k1z_zmm_zmmm512b32, to, order, from);
        }
        self.listing.two_and_number(self.set.code(codes::PERMUTE_IN_QUADS, width), to, from, 0b00_01_10_11);
        if width == Width::Ymm {
            self.permute_pairs(to, 0b01_00_11_10);
        }
    }

    /// The even elements of two vectors: the first from the first element on, the second up to the last, which is an odd
    /// one of that vector. No element behind the last is touched.
    fn load_every_second(&mut self, to: Register, width: Width, lanes: usize, site: usize) {
        let number = codes::number(to);
        let active = self.frame.sites[site].active(lanes);
        let last = lanes as i64 - 1;
        let second = if active.len() == lanes {
            self.load_neighbours(number, bits(&active), site, 0);
            Operand::Memory(self.beside(site, last))
        } else {
            // Zeros between the elements make zeros of the lanes that take none, from whichever vector.
            let elements: u32 = active.map(|lane| 1 << (2 * lane)).sum();
            let [low, high] = [elements & ((1 << lanes) - 1), elements >> last].map(|bits| bits as u16);
            let mut other = number;
            if low == 0 {
                self.load_neighbours(number, high, site, last);
            } else {
                self.load_neighbours(number, low, site, 0);
            }
            if low != 0 && high != 0 {
                other = self.registers.temporary();
                self.load_neighbours(other, high, site, last);
            }
            Operand::Register(width.register(other))
        };
        if width == Width::Zmm {
            let order = (0..8).map(|lane| 2 * lane).chain((0..8).map(|lane| 17 + 2 * lane)).collect();
            return self.permute_two(width, to, to, second, order);
        }
        self.listing.three_and_number(self.set.code(codes::SHUFFLE, width), to, to, second, 0b11_01_10_00);
        if width == Width::Ymm {
            self.permute_pairs(to, 0b11_01_10_00);
        }
    }

    /// Permutes the pairs of lanes of a register of eight.
    pub(super) fn permute_pairs(&mut self, to: Register, order: u32) {
        let code = self.either(Code::VEX_Vpermpd_ymm_ymmm256_imm8, Code::EVEX_Vpermpd_ymm_k1z_ymmm256b64_imm8);
        self.listing.two_and_number(code, to, Operand::Register(to), order);
    }

    fn load_one_by_one(&mut self, to: Register, width: Width, active: &Range<usize>, site: usize) {
        self.load_quad(Width::Xmm.register(codes::number(to)), active, 0, site);
        if active.end <= QUAD {
            return;
        }
        let temporary = Width::Xmm.register(self.registers.temporary());
        let insert = match (self.set, width) {
            (InstructionSet::Avx2, _) => Code::VEX_Vinsertf128_ymm_ymm_xmmm128_imm8,
            (InstructionSet::Avx512, Width::Zmm) => Code::EVEX_Vinsertf32x4_zmm_k1z_zmm_xmmm128_imm8,
            (InstructionSet::Avx512, _) => Code::EVEX_Vinsertf32x4_ymm_k1z_ymm_xmmm128_imm8,
        };
        for quad in (active.start / QUAD).max(1)..active.end.div_ceil(QUAD) {
            self.load_quad(temporary, active, quad, site);
            self.listing.three_and_number(insert, to, to, Operand::Register(temporary), quad as u32);
        }
    }

    /// Loads the active lanes of a quad; the others become zero.
    fn load_quad(&mut self, to: Register, active: &Range<usize>, quad: usize, site: usize) {
        let load = self.either(Code::VEX_Vmovss_xmm_m32, Code::EVEX_Vmovss_xmm_k1z_m32);
        let insert = self.either(Code::VEX_Vinsertps_xmm_xmm_xmmm32_imm8, Code::EVEX_Vinsertps_xmm_xmm_xmmm32_imm8);
        let lanes = in_quad(active, quad);
        if lanes.start != 0 || lanes.is_empty() {
            self.listing.three(self.set.code(codes::XOR, Width::Xmm), to, to, Operand::Register(to));
        }
        for lane in lanes {
            let memory = Operand::Memory(self.element(site, (quad * QUAD + lane) as i64));
            match lane {
                0 => self.listing.two(load, to, memory),
                _ => self.listing.three_and_number(insert, to, to, memory, 16 * lane as u32),
            }
        }
    }

    pub(super) fn prefetch(&mut self, site: usize) {
        let memory = self.element(site, 0);
        self.listing.push(Instruction::with1(Code::Prefetcht0_m8, memory));
    }

    pub(super) fn store(&mut self, from: Register, lanes: usize, site: usize) {
        let active = self.frame.sites[site].active(lanes);
        match (lanes, self.frame.sites[site].stride, self.set) {
            (1, ..) | (_, 1, _) => {}
            (4.., 2, InstructionSet::Avx512) => return self.store_every_second(from, lanes, &active, site),
            _ => return self.store_quads(from, &active, site, Self::store_one_by_one),
        }
        let bits = bits(&active);
        let width = narrowest(bits);
        let from = width.register(codes::number(from));
        let (code, mask) = match (bits, self.set) {
            (0x1, _) => (self.either(Code::VEX_Vmovss_m32_xmm, Code::EVEX_Vmovss_m32_k1_xmm), None),
            (0x3, _) => (self.either(Code::VEX_Vmovsd_m64_xmm, Code::EVEX_Vmovsd_m64_k1_xmm), None),
            _ if is_whole(bits) => (self.set.code(codes::STORE, width), None),
            (_, InstructionSet::Avx512) => (self.set.code(codes::STORE, width), Some(self.mask(bits))),
            // A store with a mask is slow on some machines.
            (_, InstructionSet::Avx2) => return self.store_quads(from, &active, site, Self::store_pieces),
        };
        let memory = self.element(site, 0);
        self.listing.push(Instruction::with2(code, memory, from).map(|mut store| {
            store.set_op_mask(mask.unwrap_or(Register::None));
            store
        }));
    }

    /// Stores lanes to every second element, each half of the lanes as a vector of which every second lane is left out.
    fn store_every_second(&mut self, from: Register, lanes: usize, active: &Range<usize>, site: usize) {
        let width = Width::of(lanes);
        for half in [0..lanes / 2, lanes / 2..lanes] {
            let stored = half.clone().filter(|lane| active.contains(lane));
            let elements: u32 = stored.map(|lane| 1 << (2 * (lane - half.start))).sum();
            if elements == 0 {
                continue;
            }
            let apart = width.register(self.registers.temporary());
            let twice: Vec<usize> = (0..lanes).map(|element| half.start + element / 2).collect();
            self.shuffle(width, apart, [from; 2], &twice);
            let mask = self.mask(elements as u16);
            let memory = self.beside(site, 2 * half.start as i64);
            let store = Instruction::with2(self.set.code(codes::STORE, width), memory, apart);
            self.listing.push(store.map(|mut store| {
                store.set_op_mask(mask);
                store
            }));
        }
    }

    /// Stores the active lanes quad by quad.
    fn store_quads(
        &mut self,
        from: Register,
        active: &Range<usize>,
        site: usize,
        store: fn(&mut Self, Register, Range<usize>, usize, usize),
    ) {
        let number = codes::number(from);
        if active.start < QUAD {
            store(self, Width::Xmm.register(number), in_quad(active, 0), 0, site);
        }
        if active.end <= QUAD {
            return;
        }
        let width = Width::of(active.end);
        let temporary = Width::Xmm.register(self.registers.temporary());
        let extract = match (self.set, width) {
            (InstructionSet::Avx2, _) => Code::VEX_Vextractf128_xmmm128_ymm_imm8,
            (InstructionSet::Avx512, Width::Zmm) => Code::EVEX_Vextractf32x4_xmmm128_k1z_zmm_imm8,
            (InstructionSet::Avx512, _) => Code::EVEX_Vextractf32x4_xmmm128_k1z_ymm_imm8,
        };
        for quad in (active.start / QUAD).max(1)..active.end.div_ceil(QUAD) {
            let from = Operand::Register(width.register(number));
            self.listing.two_and_number(extract, temporary, from, quad as u32);
            store(self, temporary, in_quad(active, quad), quad, site);
        }
    }

    /// Stores neighbours of a quad, as many at once as possible.
    fn store_pieces(&mut self, from: Register, lanes: Range<usize>, quad: usize, site: usize) {
        let mut lane = lanes.start;
        while lane < lanes.end {
            let memory = self.element(site, (quad * QUAD + lane) as i64);
            let (count, store) = match (lane, lanes.end - lane) {
                (0, 4) => (4, Instruction::with2(Code::VEX_Vmovups_xmmm128_xmm, memory, from)),
                (0, 2..) => (2, Instruction::with2(Code::VEX_Vmovsd_m64_xmm, memory, from)),
                (2, 2) => (2, Instruction::with2(Code::VEX_Vmovhps_m64_xmm, memory, from)),
                _ => (1, self.lane_store(memory, from, lane)),
            };
            self.listing.push(store);
            lane += count;
        }
    }

    fn store_one_by_one(&mut self, from: Register, lanes: Range<usize>, quad: usize, site: usize) {
        for lane in lanes {
            let memory = self.element(site, (quad * QUAD + lane) as i64);
            let store = self.lane_store(memory, from, lane);
            self.listing.push(store);
        }
    }

    /// Stores a lane of a quad.
    fn lane_store(&self, to: MemoryOperand, from: Register, lane: usize) -> Result<Instruction, iced_x86::IcedError> {
        let store = self.either(Code::VEX_Vmovss_m32_xmm, Code::EVEX_Vmovss_m32_k1_xmm);
        let extract = self.either(Code::VEX_Vextractps_rm32_xmm_imm8, Code::EVEX_Vextractps_rm32_xmm_imm8);
        match lane {
            0 => Instruction::with2(store, to, from),
            _ => Instruction::with3(extract, to, from, lane as u32),
        }
    }
}
