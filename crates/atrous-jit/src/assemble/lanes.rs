//! Loads and stores, whose lanes may be apart.

use iced_x86::{Code, Instruction, MemoryOperand, Register};

use super::codes::{self, Width};
use super::listing::Operand;
use super::{Assembler, InstructionSet};

/// Lanes of 128 bits.
const QUAD: usize = 4;

impl Assembler<'_> {
    pub(super) fn load(&mut self, to: Register, lanes: usize, site: usize) {
        let width = Width::of(lanes);
        match (lanes, self.frame.sites[site].stride) {
            (1, _) => {
                let memory = self.element(site, 0);
                self.listing.two(
                    self.either(Code::VEX_Vmovss_xmm_m32, Code::EVEX_Vmovss_xmm_k1z_m32),
                    to,
                    Operand::Memory(memory),
                );
            }
            (2, 1) => {
                let memory = self.element(site, 0);
                self.listing.two(
                    self.either(Code::VEX_Vmovsd_xmm_m64, Code::EVEX_Vmovsd_xmm_k1z_m64),
                    to,
                    Operand::Memory(memory),
                );
            }
            (4.., 1) => {
                let memory = self.element(site, 0);
                self.listing.two(self.set.code(codes::LOAD, width), to, Operand::Memory(memory));
            }
            (4.., -1) => self.load_reversed(to, width, lanes, site),
            (4.., 2) => self.load_every_second(to, width, lanes, site),
            _ => self.load_one_by_one(to, width, lanes, site),
        }
    }

    /// Neighbours in descending order.
    fn load_reversed(&mut self, to: Register, width: Width, lanes: usize, site: usize) {
        let memory = Operand::Memory(self.element(site, lanes as i64 - 1));
        match width {
            Width::Xmm => {
                self.listing.two_and_number(self.set.code(codes::PERMUTE_IN_QUADS, width), to, memory, 0b00_01_10_11)
            }
            Width::Ymm => {
                self.listing.two_and_number(self.set.code(codes::PERMUTE_IN_QUADS, width), to, memory, 0b00_01_10_11);
                self.permute_pairs(to, 0b01_00_11_10);
            }
            Width::Zmm => {
                let order = self.listing.constant((0..16).rev().collect());
                self.listing.two(self.set.code(codes::LOAD, width), to, Operand::Memory(order));
                self.listing.three(Code::EVEX_Vpermps_zmm_k1z_zmm_zmmm512b32, to, to, memory);
            }
        }
    }

    /// The even elements of two vectors: the first from the first element on, the second up to the last, which is an odd
    /// one of that vector. No element behind the last is touched.
    fn load_every_second(&mut self, to: Register, width: Width, lanes: usize, site: usize) {
        let first = Operand::Memory(self.beside(site, 0));
        let load = self.set.code(codes::LOAD, width);
        match width {
            Width::Xmm | Width::Ymm => {
                self.listing.two(load, to, first);
                let last = self.beside(site, lanes as i64 - 1);
                self.listing.three_and_number(
                    self.set.code(codes::SHUFFLE, width),
                    to,
                    to,
                    Operand::Memory(last),
                    0b11_01_10_00,
                );
                if width == Width::Ymm {
                    self.permute_pairs(to, 0b11_01_10_00);
                }
            }
            Width::Zmm => {
                let temporary = width.register(self.registers.temporary());
                self.listing.two(load, temporary, first);
                let order = self
                    .listing
                    .constant((0..8).map(|lane| 2 * lane).chain((0..8).map(|lane| 17 + 2 * lane)).collect());
                self.listing.two(load, to, Operand::Memory(order));
                let last = self.beside(site, lanes as i64 - 1);
                self.listing.three(Code::EVEX_Vpermi2ps_zmm_k1z_zmm_zmmm512b32, to, temporary, Operand::Memory(last));
            }
        }
    }

    /// Permutes the pairs of lanes of a register of eight.
    fn permute_pairs(&mut self, to: Register, order: u32) {
        let code = self.either(Code::VEX_Vpermpd_ymm_ymmm256_imm8, Code::EVEX_Vpermpd_ymm_k1z_ymmm256b64_imm8);
        self.listing.two_and_number(code, to, Operand::Register(to), order);
    }

    fn load_one_by_one(&mut self, to: Register, width: Width, lanes: usize, site: usize) {
        let first = Width::Xmm.register(codes::number(to));
        self.load_quad(first, lanes.min(QUAD), 0, site);
        if lanes <= QUAD {
            return;
        }
        let temporary = Width::Xmm.register(self.registers.temporary());
        let insert = match (self.set, width) {
            (InstructionSet::Avx2, _) => Code::VEX_Vinsertf128_ymm_ymm_xmmm128_imm8,
            (InstructionSet::Avx512, Width::Zmm) => Code::EVEX_Vinsertf32x4_zmm_k1z_zmm_xmmm128_imm8,
            (InstructionSet::Avx512, _) => Code::EVEX_Vinsertf32x4_ymm_k1z_ymm_xmmm128_imm8,
        };
        for quad in 1..lanes / QUAD {
            self.load_quad(temporary, QUAD, quad, site);
            self.listing.three_and_number(insert, to, to, Operand::Register(temporary), quad as u32);
        }
    }

    fn load_quad(&mut self, to: Register, lanes: usize, quad: usize, site: usize) {
        let load = self.either(Code::VEX_Vmovss_xmm_m32, Code::EVEX_Vmovss_xmm_k1z_m32);
        let insert = self.either(Code::VEX_Vinsertps_xmm_xmm_xmmm32_imm8, Code::EVEX_Vinsertps_xmm_xmm_xmmm32_imm8);
        for lane in 0..lanes {
            let memory = Operand::Memory(self.element(site, (quad * QUAD + lane) as i64));
            match lane {
                0 => self.listing.two(load, to, memory),
                _ => self.listing.three_and_number(insert, to, to, memory, 16 * lane as u32),
            }
        }
    }

    pub(super) fn store(&mut self, from: Register, lanes: usize, site: usize) {
        let width = Width::of(lanes);
        let whole = match (lanes, self.frame.sites[site].stride) {
            (2, 1) => Some(self.either(Code::VEX_Vmovsd_m64_xmm, Code::EVEX_Vmovsd_m64_k1_xmm)),
            (4.., 1) => Some(self.set.code(codes::STORE, width)),
            _ => None,
        };
        if let Some(code) = whole {
            let memory = self.element(site, 0);
            self.listing.push(Instruction::with2(code, memory, from));
            return;
        }
        self.store_quad(Width::Xmm.register(codes::number(from)), lanes.min(QUAD), 0, site);
        if lanes <= QUAD {
            return;
        }
        let temporary = Width::Xmm.register(self.registers.temporary());
        let extract = match (self.set, width) {
            (InstructionSet::Avx2, _) => Code::VEX_Vextractf128_xmmm128_ymm_imm8,
            (InstructionSet::Avx512, Width::Zmm) => Code::EVEX_Vextractf32x4_xmmm128_k1z_zmm_imm8,
            (InstructionSet::Avx512, _) => Code::EVEX_Vextractf32x4_xmmm128_k1z_ymm_imm8,
        };
        for quad in 1..lanes / QUAD {
            self.listing.two_and_number(extract, temporary, Operand::Register(from), quad as u32);
            self.store_quad(temporary, QUAD, quad, site);
        }
    }

    fn store_quad(&mut self, from: Register, lanes: usize, quad: usize, site: usize) {
        let store = self.either(Code::VEX_Vmovss_m32_xmm, Code::EVEX_Vmovss_m32_k1_xmm);
        let extract = self.either(Code::VEX_Vextractps_rm32_xmm_imm8, Code::EVEX_Vextractps_rm32_xmm_imm8);
        for lane in 0..lanes {
            let memory: MemoryOperand = self.element(site, (quad * QUAD + lane) as i64);
            self.listing.push(match lane {
                0 => Instruction::with2(store, memory, from),
                _ => Instruction::with3(extract, memory, from, lane as u32),
            });
        }
    }
}
