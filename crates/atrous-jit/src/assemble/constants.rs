//! Masks of lanes, and vectors of constant words.
//!
//! Those that the loops of a tile use most stay in registers from its start on. A tile is assembled without any first:
//! that tells which it uses, and how many vector registers it leaves over.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use iced_x86::{Code, Instruction, Register};

use super::Assembler;
use super::codes::{self, Width};
use super::listing::Operand;

/// Mask registers that hold a mask throughout. `k1` is for comparisons, and for masks of one instruction.
const MASKS: [Register; 6] = [Register::K2, Register::K3, Register::K4, Register::K5, Register::K6, Register::K7];

/// What registers hold throughout a tile.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    masks: Vec<u16>,
    /// In the last vector registers, the first of them in the last one.
    vectors: Vec<Vec<u32>>,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.masks.is_empty() && self.vectors.is_empty()
    }

    /// How many vector registers are taken.
    pub(super) fn vectors(&self) -> usize {
        self.vectors.len()
    }
}

/// The constants of a tile, with an estimate of how often each is used.
pub(super) struct Constants {
    held: Held,
    masks: BTreeMap<u16, usize>,
    vectors: BTreeMap<Vec<u32>, usize>,
}

impl Constants {
    pub(super) fn new(held: Held) -> Constants {
        Constants { held, masks: BTreeMap::new(), vectors: BTreeMap::new() }
    }

    /// What is worth a register, of the `free` vector registers that the tile leaves over. A vector that is used once
    /// only is not.
    pub(super) fn worth_holding(&self, free: usize) -> Held {
        let several = self.vectors.iter().filter(|(_, uses)| **uses > 1).map(|(words, &uses)| (words.clone(), uses));
        let mut vectors = most_used(several.collect());
        if vectors.len() > free {
            // Those without a register need one for the instruction that uses them.
            vectors.truncate(free.saturating_sub(1));
        }
        let mut masks = most_used(self.masks.iter().map(|(&mask, &uses)| (mask, uses)).collect());
        masks.truncate(MASKS.len());
        Held { masks, vectors }
    }
}

fn most_used<T>(mut uses: Vec<(T, usize)>) -> Vec<T> {
    uses.sort_by_key(|(_, uses)| Reverse(*uses));
    uses.into_iter().map(|(constant, _)| constant).collect()
}

impl Assembler<'_> {
    /// Puts the held constants into their registers.
    pub(super) fn hold(&mut self) {
        let held = self.constants.held.clone();
        for (&mask, register) in held.masks.iter().zip(MASKS) {
            self.set_mask(register, mask);
        }
        for (index, words) in held.vectors.into_iter().enumerate() {
            let number = self.held_number(index);
            self.load_constant(number, words);
        }
    }

    /// The mask register with a bit per lane. Does not change pointers.
    pub(super) fn mask(&mut self, bits: u16) -> Register {
        *self.constants.masks.entry(bits).or_default() += self.weight;
        match self.constants.held.masks.iter().position(|&mask| mask == bits) {
            Some(index) => MASKS[index],
            None => {
                self.set_mask(Register::K1, bits);
                Register::K1
            }
        }
    }

    fn set_mask(&mut self, register: Register, bits: u16) {
        self.listing.push(Instruction::with2(Code::Mov_r32_imm32, Register::ECX, u32::from(bits)));
        self.listing.push(Instruction::with2(Code::VEX_Kmovw_kr_r32, register, Register::ECX));
    }

    /// The register that holds a constant vector, if one does.
    pub(super) fn held_vector(&mut self, words: &[u32]) -> Option<Register> {
        match self.constants.vectors.get_mut(words) {
            Some(uses) => *uses += self.weight,
            None => {
                self.constants.vectors.insert(words.to_vec(), self.weight);
            }
        }
        let index = self.constants.held.vectors.iter().position(|held| held == words)?;
        Some(Width::of(words.len()).register(self.held_number(index)))
    }

    /// A register with a constant vector.
    pub(super) fn constant_vector(&mut self, words: Vec<u32>) -> Register {
        self.held_vector(&words).unwrap_or_else(|| {
            let number = self.registers.temporary_constant();
            self.load_constant(number, words)
        })
    }

    /// Loads a constant vector.
    pub(super) fn load_constant(&mut self, number: u8, words: Vec<u32>) -> Register {
        let width = Width::of(words.len());
        let register = width.register(number);
        let memory = self.listing.constant(words);
        self.listing.two(self.set.code(codes::LOAD, width), register, Operand::Memory(memory));
        register
    }

    fn held_number(&self, index: usize) -> u8 {
        (self.set.registers() - 1 - index) as u8
    }
}
