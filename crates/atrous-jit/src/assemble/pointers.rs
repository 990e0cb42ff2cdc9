//! General registers: pointers that follow the loops of a tile, and counters.
//!
//! A pointer is where the loops want it to be, less a displacement that is known at each place in the code. Loops that
//! are written out change the displacement only; other loops bring it back to what it was at their start with one
//! addition per iteration, behind which the addition of the loop inside has vanished.
//!
//! `rdi` points to the frame: first the pointers, then the counts that are no numbers, then what the tile puts there
//! itself. A pointer or counter without a register stays in the frame. `rax` and `rcx` are free for addresses.

use std::cmp::Reverse;

use atrous_compiler::plan::{Count, Var};
use iced_x86::{Code, Instruction, MemoryOperand, Register};

use super::Frame;
use super::listing::Listing;
use super::program::Node;

/// Those that a function may change come first.
const GENERAL: [Register; 12] = [
    Register::RDX,
    Register::RSI,
    Register::R8,
    Register::R9,
    Register::R10,
    Register::R11,
    Register::RBX,
    Register::RBP,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];

/// How many of [`GENERAL`] belong to the callee.
const CLOBBERED: usize = 6;

/// Most instructions of a loop that is written out.
const MOST_WRITTEN_OUT: usize = 128;

/// Where a pointer or counter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Register(Register),
    /// A word of the frame.
    Frame(usize),
}

pub(super) struct Pointers<'a> {
    frame: &'a Frame,
    places: Vec<Place>,
    /// Counters by depth.
    counters: Vec<Place>,
    /// What is missing in the registers, in bytes, by pointer.
    shift: Vec<i64>,
    /// The pointer that is in `rax`, since the last label.
    loaded: Option<usize>,
    /// Words of the frame.
    pub words: usize,
}

/// Whether there are registers for so many pointers and counters.
pub(crate) fn has_registers_for(wishes: usize) -> bool {
    wishes <= GENERAL.len()
}

/// What wants a register.
#[derive(Clone, Copy)]
enum Wish {
    Pointer(usize),
    Counter(usize),
}

impl<'a> Pointers<'a> {
    /// Gives registers to what inner loops use most.
    pub(super) fn new(frame: &'a Frame, nodes: &[Node]) -> Pointers<'a> {
        let mut uses = Uses { frame, pointers: vec![0; frame.pointers.len()], counters: Vec::new() };
        uses.count(nodes, 0, 1);
        let pointers = uses.pointers.iter().enumerate().map(|(pointer, &uses)| (uses, Wish::Pointer(pointer)));
        let counters = uses.counters.iter().enumerate().map(|(depth, &uses)| (uses, Wish::Counter(depth)));
        let mut wishes: Vec<(usize, Wish)> = pointers.chain(counters).filter(|(uses, _)| *uses > 1).collect();
        wishes.sort_by_key(|(uses, _)| Reverse(*uses));

        let mut words = frame.words();
        let mut places: Vec<_> = (0..frame.pointers.len()).map(Place::Frame).collect();
        let mut counters: Vec<_> = uses.counters.iter().map(|_| Place::Frame(0)).collect();
        for (index, (_, wish)) in wishes.into_iter().enumerate() {
            match (wish, GENERAL.get(index)) {
                (Wish::Pointer(pointer), Some(&register)) => places[pointer] = Place::Register(register),
                (Wish::Pointer(_), None) => {}
                (Wish::Counter(depth), Some(&register)) => counters[depth] = Place::Register(register),
                (Wish::Counter(depth), None) => {
                    counters[depth] = Place::Frame(words);
                    words += 1;
                }
            }
        }
        Pointers { frame, places, counters, shift: vec![0; frame.pointers.len()], loaded: None, words }
    }

    /// Saves the caller's registers and loads the pointers.
    pub(super) fn enter(&self, listing: &mut Listing) {
        for register in self.saved() {
            listing.push(Instruction::with1(Code::Push_r64, register));
        }
        for (pointer, place) in self.places.iter().enumerate() {
            if let Place::Register(register) = *place {
                listing.push(Instruction::with2(Code::Mov_r64_rm64, register, word(pointer)));
            }
        }
    }

    /// Restores the caller's registers.
    pub(super) fn leave(&self, listing: &mut Listing) {
        for register in self.saved().into_iter().rev() {
            listing.push(Instruction::with1(Code::Pop_r64, register));
        }
    }

    fn saved(&self) -> Vec<Register> {
        let used = |register: &Register| {
            self.places.iter().chain(&self.counters).any(|place| *place == Place::Register(*register))
        };
        GENERAL[CLOBBERED..].iter().copied().filter(used).collect()
    }

    /// An element of a pointer, `displacement` bytes from where it points.
    pub(super) fn element(&mut self, listing: &mut Listing, pointer: usize, displacement: i64) -> MemoryOperand {
        let base = match self.places[pointer] {
            Place::Register(register) => register,
            Place::Frame(_) if self.loaded == Some(pointer) => Register::RAX,
            Place::Frame(index) => {
                listing.push(Instruction::with2(Code::Mov_r64_rm64, Register::RAX, word(index)));
                self.loaded = Some(pointer);
                Register::RAX
            }
        };
        let displacement = displacement.wrapping_add(self.shift[pointer]);
        match i32::try_from(displacement) {
            Ok(_) => MemoryOperand::with_base_displ(base, displacement),
            Err(_) => {
                listing.push(Instruction::with2(Code::Mov_r64_imm64, Register::RCX, displacement));
                MemoryOperand::with_base_index(base, Register::RCX)
            }
        }
    }

    /// Room in the frame.
    pub(super) fn reserve(&mut self, words: usize) -> usize {
        self.words += words;
        self.words - words
    }

    /// Moves the pointers by `times` iterations of a loop, in their displacements.
    pub(super) fn advance(&mut self, var: Var, times: i64) {
        for (shift, moves) in self.shift.iter_mut().zip(&self.frame.pointers) {
            let step = moves.iter().find(|step| step.0 == var).map_or(0, |step| step.1);
            *shift = shift.wrapping_add(step.wrapping_mul(times));
        }
    }

    /// The displacements, to be given to [`settle`](Self::settle).
    pub(super) fn shifts(&self) -> Vec<i64> {
        self.shift.clone()
    }

    /// Makes the displacements what they were by adding the difference to the pointers.
    pub(super) fn settle(&mut self, listing: &mut Listing, shifts: &[i64]) {
        for (pointer, &wanted) in shifts.iter().enumerate() {
            let difference = self.shift[pointer].wrapping_sub(wanted);
            if difference != 0 {
                self.add(listing, self.places[pointer], difference);
            }
        }
        self.shift.copy_from_slice(shifts);
    }

    fn add(&mut self, listing: &mut Listing, to: Place, bytes: i64) {
        self.loaded = None;
        if let Ok(small) = i32::try_from(bytes) {
            let code = if i8::try_from(small).is_ok() { Code::Add_rm64_imm8 } else { Code::Add_rm64_imm32 };
            listing.push(match to {
                Place::Register(register) => Instruction::with2(code, register, small),
                Place::Frame(index) => Instruction::with2(code, word(index), small),
            });
            return;
        }
        listing.push(Instruction::with2(Code::Mov_r64_imm64, Register::RCX, bytes));
        listing.push(match to {
            Place::Register(register) => Instruction::with2(Code::Add_rm64_r64, register, Register::RCX),
            Place::Frame(index) => Instruction::with2(Code::Add_rm64_r64, word(index), Register::RCX),
        });
    }

    /// Pointers that follow a loop.
    pub(super) fn moving(&self, var: Var) -> Vec<usize> {
        let moves = |pointer: &usize| self.frame.pointers[*pointer].iter().any(|step| step.0 == var);
        (0..self.frame.pointers.len()).filter(moves).collect()
    }

    /// Copies a pointer to the frame.
    pub(super) fn save(&mut self, listing: &mut Listing, pointer: usize, index: usize) {
        let place = self.places[pointer];
        self.copy(listing, place, Place::Frame(index));
    }

    /// Copies a pointer back from the frame.
    pub(super) fn restore(&mut self, listing: &mut Listing, pointer: usize, index: usize) {
        let place = self.places[pointer];
        self.copy(listing, Place::Frame(index), place);
    }

    fn copy(&mut self, listing: &mut Listing, from: Place, to: Place) {
        self.loaded = None;
        match (from, to) {
            (Place::Register(from), Place::Register(to)) => {
                listing.push(Instruction::with2(Code::Mov_r64_rm64, to, from));
            }
            (Place::Register(from), Place::Frame(to)) => {
                listing.push(Instruction::with2(Code::Mov_rm64_r64, word(to), from));
            }
            (Place::Frame(from), Place::Register(to)) => {
                listing.push(Instruction::with2(Code::Mov_r64_rm64, to, word(from)));
            }
            (Place::Frame(from), Place::Frame(to)) => {
                listing.push(Instruction::with2(Code::Mov_r64_rm64, Register::RAX, word(from)));
                listing.push(Instruction::with2(Code::Mov_rm64_r64, word(to), Register::RAX));
            }
        }
    }

    /// Sets the counter of a loop to a number.
    pub(super) fn count(&mut self, listing: &mut Listing, depth: usize, count: i64) {
        if let Ok(small) = i32::try_from(count) {
            return listing.push(match self.counters[depth] {
                Place::Register(register) => Instruction::with2(Code::Mov_rm64_imm32, register, small),
                Place::Frame(index) => Instruction::with2(Code::Mov_rm64_imm32, word(index), small),
            });
        }
        listing.push(Instruction::with2(Code::Mov_r64_imm64, Register::RCX, count));
        listing.push(match self.counters[depth] {
            Place::Register(register) => Instruction::with2(Code::Mov_rm64_r64, register, Register::RCX),
            Place::Frame(index) => Instruction::with2(Code::Mov_rm64_r64, word(index), Register::RCX),
        });
    }

    /// Sets the counter of a loop to a word of the frame, and the flags by it.
    pub(super) fn count_from(&mut self, listing: &mut Listing, depth: usize, index: usize) {
        self.copy(listing, Place::Frame(index), self.counters[depth]);
        let register = match self.counters[depth] {
            Place::Register(register) => register,
            Place::Frame(_) => Register::RAX,
        };
        listing.push(Instruction::with2(Code::Test_rm64_r64, register, register));
    }

    /// Counts an iteration, and sets the flags by the number left.
    pub(super) fn count_down(&mut self, listing: &mut Listing, depth: usize) {
        listing.push(match self.counters[depth] {
            Place::Register(register) => Instruction::with1(Code::Dec_rm64, register),
            Place::Frame(index) => Instruction::with1(Code::Dec_rm64, word(index)),
        });
    }

    /// Forgets what `rax` holds: the code is reached from several places.
    pub(super) fn forget(&mut self) {
        self.loaded = None;
    }
}

/// A word of the frame.
pub(super) fn word(index: usize) -> MemoryOperand {
    MemoryOperand::with_base_displ(Register::RDI, 8 * index as i64)
}

/// How often a loop is written out, if it is.
pub(super) fn written_out(frame: &Frame, count: Count, body: &[Node]) -> Option<i64> {
    let count = frame.number(count)?;
    (count <= 1 || total(count, size(frame, body)?).is_some()).then_some(count)
}

/// Instructions of nodes, if all their loops are written out.
fn size(frame: &Frame, nodes: &[Node]) -> Option<usize> {
    nodes.iter().try_fold(0usize, |sum, node| match node {
        Node::Do(_) => sum.checked_add(1),
        Node::Loop { count, body, .. } => {
            let (count, size) = (frame.number(*count)?, size(frame, body)?);
            let total = if count <= 1 { size * count as usize } else { total(count, size)? };
            sum.checked_add(total)
        }
    })
}

/// Instructions of a loop that is written out, if they are not too many.
fn total(count: i64, size: usize) -> Option<usize> {
    usize::try_from(count).ok()?.checked_mul(size).filter(|total| *total <= MOST_WRITTEN_OUT)
}

/// An estimate of how often the body of a loop runs that itself runs so often.
pub(super) fn repeated(times: usize) -> usize {
    times.saturating_mul(8).min(1 << 30)
}

/// Estimates how often pointers and counters are used.
struct Uses<'a> {
    frame: &'a Frame,
    /// Those that are used once are as well in memory.
    pointers: Vec<usize>,
    counters: Vec<usize>,
}

impl Uses<'_> {
    fn count(&mut self, nodes: &[Node], depth: usize, times: usize) {
        for node in nodes {
            match node {
                Node::Do(node) => {
                    for site in node.site.into_iter().chain(node.folded.map(|folded| folded.site)) {
                        self.pointers[self.frame.sites[site].pointer] += times;
                    }
                }
                Node::Loop { count, body, .. } => match written_out(self.frame, *count, body) {
                    Some(count) => self.count(body, depth, times.saturating_mul(count.max(1) as usize)),
                    None => {
                        let times = repeated(times);
                        if self.counters.len() <= depth {
                            self.counters.resize(depth + 1, 0);
                        }
                        self.counters[depth] = self.counters[depth].max(times);
                        self.count(body, depth + 1, times);
                    }
                },
            }
        }
    }
}
