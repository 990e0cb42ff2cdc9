//! Tiles of more than 128 bits, which Cranelift cannot compile: from the steps of a tile to a function in bytes.
//!
//! ```text
//! Tile ──program──► what dies where, what is read from memory ──► registers, pointers ──► listing ──► bytes
//! ```
//!
//! The function takes the address of a frame in `rdi`, as the System V convention has it on every system; the driver,
//! which is the rest of the loop nest, compiled by Cranelift, has filled it. It calls nothing, and leaves with the upper
//! halves of the vector registers clear, because older instructions are slow otherwise.
//!
//! | words of the frame | filled by |
//! |---|---|
//! | one pointer per [`Frame::pointers`] | the driver |
//! | one count per [`Frame::counts`] | the driver |
//! | counters, saved pointers, spilled vectors | the function |
//!
//! The bytes do not depend on the machine that assembles them.

mod codes;
mod constants;
mod lanes;
mod listing;
mod pointers;
mod program;
mod registers;
mod shuffle;
mod vector;

use std::collections::BTreeMap;
use std::ops::Range;

use atrous_compiler::Target;
use atrous_compiler::plan::{Count, Part, Reg, Tile, Var};
use iced_x86::{Code, Decoder, DecoderOptions, Formatter, GasFormatter, Instruction};

use self::constants::{Constants, Held};
use self::listing::Listing;
use self::pointers::Pointers;
pub(crate) use self::pointers::has_registers_for;
use self::program::Node;
use self::registers::Registers;

/// Extensions of x86-64 that tiles are assembled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstructionSet {
    /// AVX2 and FMA: 16 registers of 256 bits.
    Avx2,
    /// AVX-512 F, BW, DQ and VL: 32 registers of 512 bits.
    Avx512,
}

impl InstructionSet {
    /// The instruction set of a target, unless its tiles are left to Cranelift.
    pub(crate) fn of(target: &Target) -> Option<InstructionSet> {
        let sets = [
            (Target::avx2(), InstructionSet::Avx2),
            (Target::avx512(), InstructionSet::Avx512),
            (Target::avx512_dual(), InstructionSet::Avx512),
        ];
        sets.into_iter().find(|(of, _)| of == target).map(|(_, set)| set)
    }

    /// Vector registers.
    fn registers(self) -> usize {
        match self {
            InstructionSet::Avx2 => 16,
            InstructionSet::Avx512 => 32,
        }
    }
}

/// What the driver hands to a tile.
pub(crate) struct Frame {
    /// How many bytes each pointer moves with the variables of the tile's loops.
    pub pointers: Vec<Vec<(Var, i64)>>,
    /// The accesses of the tile in their order.
    pub sites: Vec<Site>,
    /// Columns whose value is a number here.
    pub numbers: BTreeMap<Var, i64>,
    /// Columns that count loops and whose value is known to the driver only.
    pub counts: Vec<Var>,
}

/// An access of a tile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// An index into [`Frame::pointers`].
    pub pointer: usize,
    /// Bytes from the pointer to lane 0.
    pub displacement: i64,
    /// Elements between neighbouring lanes.
    pub stride: i64,
    /// The lanes that touch memory, if not all do.
    pub part: Option<Part>,
}

impl Site {
    /// The lanes that touch memory, of so many.
    fn active(&self, lanes: usize) -> Range<usize> {
        self.part.map_or(0..lanes, |part| part.from..part.to)
    }
}

impl Frame {
    /// Words that the driver fills.
    fn words(&self) -> usize {
        self.pointers.len() + self.counts.len()
    }

    /// A count that is a number.
    fn number(&self, count: Count) -> Option<i64> {
        match count {
            Count::Fixed(count) => Some(count),
            Count::Column(column) => self.numbers.get(&column).copied(),
        }
    }
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assembled {
    /// Instructions, then constants.
    pub bytes: Vec<u8>,
    /// How many of the bytes are instructions.
    pub code: usize,
    /// Words of the frame.
    pub words: usize,
}

/// Assembles a tile.
///
/// # Errors
///
/// When an instruction cannot be encoded, which is an error of this module.
pub(crate) fn tile(set: InstructionSet, tile: &Tile, frame: &Frame) -> Result<Assembled, String> {
    let nodes = program::of(set, tile, frame);
    let attempt = |held: Held, spill: bool| {
        let mut assembler = Assembler::new(set, tile, frame, &nodes, held, spill);
        assembler.run(&nodes);
        assembler
    };
    let mut assembler = attempt(Held::default(), false);
    let spill = assembler.registers.exhausted;
    if spill {
        assembler = attempt(Held::default(), true);
    }
    let held = assembler.constants.worth_holding(assembler.registers.left_over());
    if !held.is_empty() {
        let holding = attempt(held, spill);
        if !holding.registers.exhausted {
            assembler = holding;
        }
    }
    if assembler.misfit || assembler.registers.exhausted {
        return Err("a tile has an instruction without encoding".into());
    }
    let words = assembler.pointers.words;
    let (bytes, code) = assembler.listing.encode().map_err(|error| error.to_string())?;
    Ok(Assembled { bytes, code, words })
}

/// A tile while it is assembled.
struct Assembler<'a> {
    set: InstructionSet,
    tile: &'a Tile,
    frame: &'a Frame,
    listing: Listing,
    registers: Registers,
    constants: Constants,
    pointers: Pointers<'a>,
    /// An estimate of how often the instructions run that come next.
    weight: usize,
    /// Whether an operand was where its instruction cannot have it: the code is wrong.
    misfit: bool,
}

impl<'a> Assembler<'a> {
    fn new(set: InstructionSet, tile: &'a Tile, frame: &'a Frame, nodes: &[Node], held: Held, spill: bool) -> Self {
        let registers = Registers::new(tile.registers.len(), set.registers() - held.vectors(), spill);
        let (constants, pointers) = (Constants::new(held), Pointers::new(frame, nodes));
        let listing = Listing::default();
        Assembler { set, tile, frame, listing, registers, constants, pointers, weight: 1, misfit: false }
    }

    fn run(&mut self, nodes: &[Node]) {
        self.pointers.enter(&mut self.listing);
        self.hold();
        self.nodes(nodes, 0);
        self.pointers.leave(&mut self.listing);
        self.listing.push(Ok(Instruction::with(Code::VEX_Vzeroupper)));
        self.listing.push(Ok(Instruction::with(Code::Retnq)));
    }

    fn misfit(&mut self) {
        self.misfit = true;
    }

    /// `depth` counts the loops around that are not written out.
    fn nodes(&mut self, nodes: &[Node], depth: usize) {
        for node in nodes {
            match node {
                Node::Do(node) => self.instruction(node),
                Node::Loop { var, count, body, kept, dead } => {
                    self.registers.enter(kept);
                    match (pointers::written_out(self.frame, *count, body), self.frame.number(*count)) {
                        (Some(count), _) => self.write_out(*var, count, body, depth),
                        (None, Some(count)) => self.repeat(*var, count, body, depth),
                        (None, None) => self.repeat_by_value(*var, *count, body, depth),
                    }
                    self.registers.leave(kept);
                    self.end_of_loop(dead);
                }
            }
        }
    }

    fn end_of_loop(&mut self, dead: &[Reg]) {
        dead.iter().for_each(|&register| self.registers.release(register));
    }

    fn write_out(&mut self, var: Var, count: i64, body: &[Node], depth: usize) {
        for _ in 0..count {
            self.nodes(body, depth);
            self.pointers.advance(var, 1);
        }
        self.pointers.advance(var, -count);
    }

    fn repeat(&mut self, var: Var, count: i64, body: &[Node], depth: usize) {
        self.pointers.count(&mut self.listing, depth, count);
        self.iterate(var, body, depth);
        self.pointers.advance(var, -count);
    }

    fn repeat_by_value(&mut self, var: Var, count: Count, body: &[Node], depth: usize) {
        let index = match count {
            Count::Column(column) => self.frame.counts.iter().position(|&other| other == column),
            Count::Fixed(_) => None,
        };
        let Some(index) = index else { return self.misfit() };
        let saved: Vec<_> =
            self.pointers.moving(var).into_iter().map(|pointer| (pointer, self.pointers.reserve(1))).collect();
        for &(pointer, word) in &saved {
            self.pointers.save(&mut self.listing, pointer, word);
        }
        let end = self.listing.label();
        self.pointers.count_from(&mut self.listing, depth, self.frame.pointers.len() + index);
        self.listing.branch(Code::Je_rel32_64, end);
        self.iterate(var, body, depth);
        self.listing.place(end);
        self.pointers.forget();
        for &(pointer, word) in &saved {
            self.pointers.restore(&mut self.listing, pointer, word);
        }
    }

    /// The iterations of a loop whose counter is more than zero.
    fn iterate(&mut self, var: Var, body: &[Node], depth: usize) {
        let start = self.listing.label();
        self.listing.place(start);
        self.pointers.forget();
        let shifts = self.pointers.shifts();
        let weight = self.weight;
        self.weight = pointers::repeated(weight);
        self.nodes(body, depth + 1);
        self.weight = weight;
        self.pointers.advance(var, 1);
        self.pointers.settle(&mut self.listing, &shifts);
        self.pointers.count_down(&mut self.listing, depth);
        self.listing.branch(Code::Jne_rel32_64, start);
    }
}

/// The instructions of a function for people, one a line, with their offsets.
pub(crate) fn text(assembled: &Assembled) -> String {
    let mut formatter = GasFormatter::new();
    let mut text = String::new();
    for instruction in Decoder::new(64, &assembled.bytes[..assembled.code], DecoderOptions::NONE).iter() {
        text.push_str(&format!("  {:4x}: ", instruction.ip()));
        formatter.format(&instruction, &mut text);
        text.push('\n');
    }
    text
}
