//! Which vector register, or which memory, holds each register of a tile.
//!
//! A value gets a register where it is written and gives it back where it dies. A value that is alive at the start of a
//! loop keeps its register throughout, so that all iterations find it in the same place. Verified tiles fit the machine
//! but for temporaries; where these are missing, the tile is assembled again with [`SPARE`] registers set aside for
//! values that come from memory and go there.

use atrous_compiler::plan::Reg;

/// The most registers that one instruction needs: four operands, the result, and a temporary.
pub(super) const SPARE: usize = 6;

/// Where a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In the vector register with this number.
    Register(u8),
    /// In the frame, from this word on.
    Memory(usize),
}

pub(super) struct Registers {
    homes: Vec<Option<Home>>,
    /// How many loops around keep the register where it is.
    keepers: Vec<usize>,
    /// A bit per vector register that holds no value.
    free: u32,
    /// A bit per vector register that is set aside.
    spare: u32,
    /// A bit per vector register that the current instruction uses.
    busy: u32,
    /// How many were free for other things at every time.
    left_over: usize,
    /// Whether a register was missing and none is set aside: the code is wrong.
    pub exhausted: bool,
}

impl Registers {
    /// `file` vector registers, some of which may be set aside.
    pub(super) fn new(values: usize, file: usize, spill: bool) -> Registers {
        let all = u32::MAX >> (32 - file);
        let spare = if spill { u32::MAX >> (32 - SPARE) } else { 0 };
        let (homes, keepers) = (vec![None; values], vec![0; values]);
        Registers { homes, keepers, free: all & !spare, spare, busy: 0, left_over: file, exhausted: false }
    }

    /// How many vector registers no value and no instruction has needed so far, but for constants.
    pub(super) fn left_over(&self) -> usize {
        if self.spare == 0 { self.left_over } else { 0 }
    }

    /// Starts an instruction.
    pub(super) fn start(&mut self) {
        self.busy = 0;
    }

    /// Where a value is.
    pub(super) fn home(&self, register: Reg) -> Option<Home> {
        self.homes[register.0]
    }

    /// Marks a vector register as used by the current instruction.
    pub(super) fn hold(&mut self, number: u8) {
        self.busy |= 1 << number;
    }

    /// A vector register for the current instruction alone.
    pub(super) fn temporary(&mut self) -> u8 {
        let number = self.temporary_constant();
        self.left_over = self.left_over.min((self.free & !self.busy).count_ones() as usize);
        number
    }

    /// The same for a constant, which may find another place.
    pub(super) fn temporary_constant(&mut self) -> u8 {
        let available = (self.free | self.spare) & !self.busy;
        if available == 0 {
            self.exhausted = true;
            return 0;
        }
        let number = available.trailing_zeros() as u8;
        self.hold(number);
        number
    }

    /// The place for a value that is written: where it is already, one of those wished for, or any. `memory` says where
    /// in the frame there is room.
    pub(super) fn define(&mut self, register: Reg, wishes: &[u8], memory: impl FnOnce() -> usize) -> Home {
        if let Some(home) = self.homes[register.0] {
            return home;
        }
        let is_free = |number: &&u8| self.free & (1 << **number) != 0;
        let wish = wishes.iter().find(is_free).copied();
        let home = match wish.or_else(|| (self.free != 0).then(|| self.free.trailing_zeros() as u8)) {
            Some(number) => {
                self.free &= !(1 << number);
                self.left_over = self.left_over.min(self.free.count_ones() as usize);
                Home::Register(number)
            }
            None if self.spare != 0 => Home::Memory(memory()),
            None => {
                self.exhausted = true;
                Home::Register(0)
            }
        };
        self.homes[register.0] = Some(home);
        home
    }

    /// Keeps values where they are until [`leave`](Self::leave).
    pub(super) fn enter(&mut self, kept: &[Reg]) {
        kept.iter().for_each(|register| self.keepers[register.0] += 1);
    }

    /// Ends the loop that kept values.
    pub(super) fn leave(&mut self, kept: &[Reg]) {
        kept.iter().for_each(|register| self.keepers[register.0] -= 1);
    }

    /// Gives the place of a value back, unless a loop keeps it.
    pub(super) fn release(&mut self, register: Reg) {
        if self.keepers[register.0] == 0
            && let Some(Home::Register(number)) = self.homes[register.0].take()
        {
            self.free |= 1 << number;
        }
    }
}
