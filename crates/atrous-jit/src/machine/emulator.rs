//! Runs assembled tiles instruction by instruction, so that those of any machine are tested on every x86-64 machine, and
//! each access to memory is seen.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

use crate::assemble::Assembled;

type Vector = [u32; 16];

thread_local! {
    /// Addresses that the current call may use.
    static BUFFERS: RefCell<Vec<Range<u64>>> = const { RefCell::new(Vec::new()) };
    /// The first thing that went wrong.
    static FAILURE: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Tiles that have run.
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

/// Says which addresses the tiles called next may use.
pub(super) fn allow(buffers: impl Iterator<Item = (*mut f32, usize)>) {
    let range = |(base, len): (*mut f32, usize)| base as u64..base as u64 + 4 * len as u64;
    BUFFERS.with_borrow_mut(|allowed| *allowed = buffers.map(range).collect());
}

/// How many tiles this thread has run, or the first thing that went wrong; forgets both.
pub(crate) fn result() -> Result<usize, String> {
    let runs = RUNS.take();
    FAILURE.take().map_or(Ok(runs), Err)
}

/// Code that takes the place of a tile's, and has the emulator run the tile.
pub(crate) fn trampoline(tile: &Assembled) -> Vec<u8> {
    let tile: &'static Assembled = Box::leak(Box::new(tile.clone()));
    let (tile, emulator) = (std::ptr::from_ref(tile) as u64, emulate as *const () as u64);
    // mov rsi, tile; mov rax, emulator; jmp rax
    [&[0x48, 0xbe][..], &tile.to_le_bytes(), &[0x48, 0xb8], &emulator.to_le_bytes(), &[0xff, 0xe0]].concat()
}

extern "sysv64" fn emulate(frame: *mut u64, tile: *const Assembled) {
    // SAFETY:
    // * `trampoline` has put the address there; the tile is never freed and never written.
    let tile = unsafe { &*tile };
    RUNS.set(RUNS.get() + 1);
    if let Err(failure) = run(frame as u64, tile) {
        FAILURE.with_borrow_mut(|first| first.get_or_insert(failure).truncate(1000));
    }
}

struct Emulator<'a> {
    tile: &'a Assembled,
    frame: Range<u64>,
    general: [u64; 16],
    stack: Vec<u64>,
    vectors: [Vector; 32],
    masks: [u32; 8],
    zero: bool,
    is_clear: bool,
}

/// Where an operand in memory is.
enum Place {
    /// In the constants of the tile.
    Constant(usize),
    Address(u64),
}

fn run(frame: u64, tile: &Assembled) -> Result<(), String> {
    let code: Vec<Instruction> = Decoder::new(64, &tile.bytes[..tile.code], DecoderOptions::NONE).into_iter().collect();
    let at: BTreeMap<u64, usize> =
        code.iter().enumerate().map(|(index, instruction)| (instruction.ip(), index)).collect();
    let mut general = [0x5a5a_5a5a_0000_0000; 16];
    general.iter_mut().enumerate().for_each(|(index, register)| *register += index as u64);
    general[7] = frame;
    let before = general;
    let frame = frame..frame + 8 * tile.words as u64;
    // What no instruction has written is NaN.
    let vectors = [[0x7fc0_dead; 16]; 32];
    let (stack, masks, zero, is_clear) = (Vec::new(), [0x5a5a; 8], false, false);
    let mut emulator = Emulator { tile, frame, general, stack, vectors, masks, zero, is_clear };
    let mut next = 0;
    for _ in 0..10_000_000 {
        let instruction = code.get(next).ok_or("control leaves the code")?;
        next += 1;
        let jumps = match instruction.mnemonic() {
            Mnemonic::Ret => return emulator.finish(before),
            Mnemonic::Je => emulator.zero,
            Mnemonic::Jne => !emulator.zero,
            _ => {
                emulator.step(instruction).map_err(|error| format!("{instruction}: {error}"))?;
                false
            }
        };
        if jumps {
            next = *at.get(&instruction.near_branch64()).ok_or("a branch into an instruction")?;
        }
    }
    Err("no end".into())
}

impl Emulator<'_> {
    fn finish(&self, before: [u64; 16]) -> Result<(), String> {
        // rbx, rsp, rbp, r12 to r15.
        let kept = [3, 4, 5, 12, 13, 14, 15].iter().all(|&register| self.general[register] == before[register]);
        if !kept || !self.stack.is_empty() {
            return Err("the caller's registers have changed".into());
        }
        if self.is_clear { Ok(()) } else { Err("the upper halves are not clear".into()) }
    }

    fn step(&mut self, instruction: &Instruction) -> Result<(), String> {
        match instruction.mnemonic() {
            Mnemonic::Push => self.stack.push(self.general[general(instruction.op0_register())]),
            Mnemonic::Pop => {
                self.general[general(instruction.op0_register())] = self.stack.pop().ok_or("the stack is empty")?;
            }
            Mnemonic::Mov => {
                let value = self.number(instruction, 1)?;
                self.set_number(instruction, value)?;
            }
            Mnemonic::Add => {
                let sum = self.number(instruction, 0)?.wrapping_add(self.number(instruction, 1)?);
                self.set_number(instruction, sum)?;
            }
            Mnemonic::Dec => {
                let value = self.number(instruction, 0)?.wrapping_sub(1);
                self.zero = value == 0;
                self.set_number(instruction, value)?;
            }
            Mnemonic::Kmovw => {
                self.masks[mask(instruction.op0_register())] = self.number(instruction, 1)? as u32 & 0xffff
            }
            Mnemonic::Test => self.zero = self.number(instruction, 0)? & self.number(instruction, 1)? == 0,
            Mnemonic::Nop | Mnemonic::Prefetcht0 => {}
            Mnemonic::Vzeroupper => self.is_clear = true,
            _ => return self.vector_step(instruction),
        }
        Ok(())
    }

    fn number(&self, instruction: &Instruction, operand: u32) -> Result<u64, String> {
        match instruction.op_kind(operand) {
            OpKind::Register => Ok(self.general[general(instruction.op_register(operand))]),
            OpKind::Memory => {
                let words = self.read(self.place(instruction), 2)?;
                Ok(u64::from(words[0]) | u64::from(words[1]) << 32)
            }
            _ => Ok(instruction.immediate(operand)),
        }
    }

    fn set_number(&mut self, instruction: &Instruction, value: u64) -> Result<(), String> {
        if instruction.op0_kind() == OpKind::Register {
            self.general[general(instruction.op0_register())] = value;
            return Ok(());
        }
        self.write(self.place(instruction), &[value as u32, (value >> 32) as u32])
    }

    fn place(&self, instruction: &Instruction) -> Place {
        let displacement = instruction.memory_displacement64();
        if instruction.memory_base() == Register::RIP {
            return Place::Constant(displacement as usize);
        }
        let index = match instruction.memory_index() {
            Register::None => 0,
            index => self.general[general(index)].wrapping_mul(u64::from(instruction.memory_index_scale())),
        };
        Place::Address(self.general[general(instruction.memory_base())].wrapping_add(index).wrapping_add(displacement))
    }

    fn check(&self, address: u64, words: usize) -> Result<(), String> {
        let end = address.wrapping_add(4 * words as u64);
        let inside = |range: &Range<u64>| range.start <= address && end <= range.end && address < end;
        let is_known = inside(&self.frame) || BUFFERS.with_borrow(|buffers| buffers.iter().any(inside));
        if is_known { Ok(()) } else { Err(format!("{words} words at {address:#x} are in no buffer")) }
    }

    fn read(&self, place: Place, words: usize) -> Result<Vector, String> {
        let mut value = [0; 16];
        match place {
            Place::Constant(offset) => {
                let bytes = self.tile.bytes.get(offset..offset + 4 * words).ok_or("no constant is there")?;
                for (word, bytes) in value.iter_mut().zip(bytes.chunks(4)) {
                    *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                }
            }
            Place::Address(address) => {
                self.check(address, words)?;
                for (index, word) in value[..words].iter_mut().enumerate() {
                    // SAFETY:
                    // * The address is in a buffer of the call or in the frame of the tile.
                    *word = unsafe { (address as *const u32).add(index).read_unaligned() };
                }
            }
        }
        Ok(value)
    }

    fn write(&self, place: Place, words: &[u32]) -> Result<(), String> {
        let Place::Address(address) = place else { return Err("a constant is written".into()) };
        self.check(address, words.len())?;
        for (index, &word) in words.iter().enumerate() {
            // SAFETY:
            // * The address is in a buffer of the call or in the frame of the tile.
            // * The plan has been verified: nobody else uses what the tile writes.
            unsafe { (address as *mut u32).add(index).write_unaligned(word) };
        }
        Ok(())
    }

    /// Reads the words with a bit in a mask; the others are zero.
    fn read_masked(&self, place: Place, words: usize, mask: u32) -> Result<Vector, String> {
        let Place::Address(address) = place else { return Err("a constant is read by a mask".into()) };
        let mut value = [0; 16];
        for index in (0..words).filter(|index| mask >> index & 1 == 1) {
            value[index] = self.read(Place::Address(address.wrapping_add(4 * index as u64)), 1)?[0];
        }
        Ok(value)
    }

    /// Writes the words with a bit in a mask.
    fn write_masked(&self, place: Place, words: &[u32], mask: u32) -> Result<(), String> {
        let Place::Address(address) = place else { return Err("a constant is written".into()) };
        for (index, &word) in words.iter().enumerate().filter(|(index, _)| mask >> index & 1 == 1) {
            self.write(Place::Address(address.wrapping_add(4 * index as u64)), &[word])?;
        }
        Ok(())
    }

    /// The mask that an instruction has for its result; all lanes if it has none.
    fn result_mask(&self, instruction: &Instruction) -> u32 {
        match instruction.op_mask() {
            Register::None => u32::MAX,
            register => self.masks[mask(register)],
        }
    }

    /// An operand of `words` lanes.
    fn vector(&self, instruction: &Instruction, operand: u32, words: usize) -> Result<Vector, String> {
        match instruction.op_kind(operand) {
            OpKind::Register => Ok(self.vectors[lanes_and_number(instruction.op_register(operand)).1]),
            _ if instruction.is_broadcast() => Ok([self.read(self.place(instruction), 1)?[0]; 16]),
            _ => self.read(self.place(instruction), words),
        }
    }

    fn vector_step(&mut self, instruction: &Instruction) -> Result<(), String> {
        let is_store = instruction.op0_kind() == OpKind::Memory;
        let shown = instruction.op_register(if is_store { 1 } else { 0 });
        let is_compare = instruction.op0_register() == Register::K1;
        let (lanes, to) = lanes_and_number(if is_compare { instruction.op1_register() } else { shown });
        let number = || u32::from(instruction.immediate8());
        if is_store {
            let from = self.vectors[to];
            return match instruction.mnemonic() {
                Mnemonic::Vmovups => {
                    self.write_masked(self.place(instruction), &from[..lanes], self.result_mask(instruction))
                }
                Mnemonic::Vmovhps => self.write(self.place(instruction), &from[2..4]),
                Mnemonic::Vmovsd => self.write(self.place(instruction), &from[..2]),
                Mnemonic::Vmovss => self.write(self.place(instruction), &from[..1]),
                Mnemonic::Vextractps => self.write(self.place(instruction), &[from[number() as usize]]),
                _ => Err("an unknown store".into()),
            };
        }
        let operand = |index: u32| self.vector(instruction, index, lanes);
        let float = |word: u32| f32::from_bits(word);
        let binary = |compute: fn(f32, f32) -> f32| -> Result<Vector, String> {
            let (left, right) = (operand(1)?, operand(2)?);
            Ok(std::array::from_fn(|lane| compute(float(left[lane]), float(right[lane])).to_bits()))
        };
        let fused = |[left, right, addend]: [u32; 3]| -> Result<Vector, String> {
            let (left, right, addend) = (operand(left)?, operand(right)?, operand(addend)?);
            let lane = |lane: usize| float(left[lane]).mul_add(float(right[lane]), float(addend[lane])).to_bits();
            Ok(std::array::from_fn(lane))
        };
        let mut mask = self.masks[1];
        let value: Vector = match instruction.mnemonic() {
            Mnemonic::Vmovups if instruction.has_op_mask() && instruction.zeroing_masking() => {
                self.read_masked(self.place(instruction), lanes, self.result_mask(instruction))?
            }
            Mnemonic::Vmaskmovps => {
                let mask = (0..lanes).map(|lane| self.vectors[second(instruction)][lane] >> 31 << lane).sum();
                self.read_masked(self.place(instruction), lanes, mask)?
            }
            Mnemonic::Vfmadd231ps if instruction.has_op_mask() && !instruction.zeroing_masking() => {
                select(self.result_mask(instruction), operand(0)?, fused([1, 2, 0])?)
            }
            Mnemonic::Vblendmps => select(self.result_mask(instruction), operand(1)?, operand(2)?),
            _ if instruction.has_op_mask() => return Err("an unknown use of a mask".into()),
            Mnemonic::Vmovups | Mnemonic::Vmovaps => operand(1)?,
            Mnemonic::Vmovss => self.vector(instruction, 1, 1)?,
            Mnemonic::Vmovsd => self.vector(instruction, 1, 2)?,
            Mnemonic::Vbroadcastss => [self.vector(instruction, 1, 1)?[0]; 16],
            Mnemonic::Vaddps => binary(|a, b| a + b)?,
            Mnemonic::Vsubps => binary(|a, b| a - b)?,
            Mnemonic::Vmulps => binary(|a, b| a * b)?,
            Mnemonic::Vdivps => binary(|a, b| a / b)?,
            Mnemonic::Vminps => binary(|a, b| if a < b { a } else { b })?,
            Mnemonic::Vmaxps => binary(|a, b| if a > b { a } else { b })?,
            Mnemonic::Vfmadd132ps => fused([0, 2, 1])?,
            Mnemonic::Vfmadd213ps => fused([1, 0, 2])?,
            Mnemonic::Vfmadd231ps => fused([1, 2, 0])?,
            Mnemonic::Vxorps => {
                let (left, right) = (operand(1)?, operand(2)?);
                std::array::from_fn(|lane| left[lane] ^ right[lane])
            }
            Mnemonic::Vpslld => operand(1)?.map(|word| word << number()),
            Mnemonic::Vcmpps if number() == 0x11 => {
                let (left, right) = (operand(1)?, operand(2)?);
                let less: Vector = std::array::from_fn(|lane| u32::from(float(left[lane]) < float(right[lane])));
                mask = (0..lanes).map(|lane| less[lane] << lane).sum();
                less.map(|less| less * u32::MAX)
            }
            Mnemonic::Vblendvps => {
                let (no, yes, mask) = (operand(1)?, operand(2)?, operand(3)?);
                std::array::from_fn(|lane| if mask[lane] >> 31 == 1 { yes[lane] } else { no[lane] })
            }
            Mnemonic::Vinsertps => {
                let (mut value, element) = (operand(1)?, self.vector(instruction, 2, 1)?[0]);
                value[number() as usize >> 4] = element;
                value
            }
            Mnemonic::Vinsertf128 | Mnemonic::Vinsertf32x4 => {
                let (mut value, quad) = (operand(1)?, self.vector(instruction, 2, 4)?);
                let start = 4 * number() as usize;
                value[start..start + 4].copy_from_slice(&quad[..4]);
                value
            }
            Mnemonic::Vextractf128 | Mnemonic::Vextractf32x4 => {
                let from = self.vector(instruction, 1, 16)?;
                std::array::from_fn(|lane| if lane < 4 { from[4 * number() as usize + lane] } else { 0 })
            }
            Mnemonic::Vshufps => {
                let (left, right) = (operand(1)?, operand(2)?);
                let from = |lane: usize| lane / 4 * 4 + (number() >> (2 * (lane % 4)) & 3) as usize;
                std::array::from_fn(|lane| if lane % 4 < 2 { left[from(lane)] } else { right[from(lane)] })
            }
            Mnemonic::Vpermilps => {
                let from = operand(1)?;
                std::array::from_fn(|lane| from[lane / 4 * 4 + (number() >> (2 * (lane % 4)) & 3) as usize])
            }
            Mnemonic::Vpermpd => {
                let from = operand(1)?;
                std::array::from_fn(|lane| from[(2 * (number() >> (2 * (lane / 2 % 4)) & 3)) as usize + lane % 2])
            }
            Mnemonic::Vpermps => {
                let (order, from) = (operand(1)?, operand(2)?);
                order.map(|index| from[index as usize % lanes])
            }
            Mnemonic::Vunpcklps | Mnemonic::Vunpckhps => {
                let (left, right) = (operand(1)?, operand(2)?);
                let first = if instruction.mnemonic() == Mnemonic::Vunpcklps { 0 } else { 2 };
                let from = |lane: usize| lane / 4 * 4 + first + lane % 4 / 2;
                std::array::from_fn(|lane| if lane % 2 == 0 { left[from(lane)] } else { right[from(lane)] })
            }
            Mnemonic::Vblendps => {
                let (left, right) = (operand(1)?, operand(2)?);
                std::array::from_fn(|lane| if number() >> (lane % 8) & 1 == 0 { left[lane] } else { right[lane] })
            }
            Mnemonic::Vperm2f128 => {
                let halves = [operand(1)?, operand(2)?];
                let half = |lane: usize| (number() >> (lane / 4 * 4) & 3) as usize;
                std::array::from_fn(|lane| halves[half(lane % 8) / 2][half(lane % 8) % 2 * 4 + lane % 4])
            }
            Mnemonic::Vshuff32x4 => {
                let (left, right) = (operand(1)?, operand(2)?);
                let quads = lanes / 4;
                let bits = quads.ilog2();
                let from = |quad: usize| (number() >> (bits * quad as u32)) as usize % quads;
                std::array::from_fn(|lane| {
                    let (quad, half) = (lane / 4 % quads, if lane / 4 % quads < quads / 2 { left } else { right });
                    half[4 * from(quad) + lane % 4]
                })
            }
            Mnemonic::Valignd => {
                let (high, low) = (operand(1)?, operand(2)?);
                let pick = |index: usize| if index < lanes { low[index] } else { high[index % lanes] };
                std::array::from_fn(|lane| pick(lane % lanes + number() as usize))
            }
            Mnemonic::Vpalignr => {
                let (high, low) = (operand(1)?, operand(2)?);
                let pick =
                    |quad: usize, index: usize| if index < 4 { low[quad + index] } else { high[quad + index - 4] };
                std::array::from_fn(|lane| pick(lane / 4 * 4, lane % 4 + number() as usize / 4))
            }
            Mnemonic::Vpermi2ps | Mnemonic::Vpermt2ps => {
                let (mut order, mut low, high) = (operand(0)?, operand(1)?, operand(2)?);
                if instruction.mnemonic() == Mnemonic::Vpermt2ps {
                    std::mem::swap(&mut order, &mut low);
                }
                let pick = |index: usize| if index & lanes == 0 { low[index % lanes] } else { high[index % lanes] };
                order.map(|index| pick(index as usize))
            }
            _ => return Err("an unknown instruction".into()),
        };
        if is_compare {
            self.masks[1] = mask;
            return Ok(());
        }
        // The lanes above the written ones become zero.
        self.vectors[to] = std::array::from_fn(|lane| if lane < lanes { value[lane] } else { 0 });
        Ok(())
    }
}

/// Lanes with a bit in the mask from one vector, the others from another.
fn select(mask: u32, no: Vector, yes: Vector) -> Vector {
    std::array::from_fn(|lane| if mask >> lane & 1 == 1 { yes[lane] } else { no[lane] })
}

/// The number of a general register of 64 or 32 bits.
fn general(register: Register) -> usize {
    let first = if register >= Register::RAX { Register::RAX } else { Register::EAX };
    register as usize - first as usize
}

fn mask(register: Register) -> usize {
    register as usize - Register::K0 as usize
}

/// The number of the second operand, a vector register.
fn second(instruction: &Instruction) -> usize {
    lanes_and_number(instruction.op1_register()).1
}

/// Lanes and number of a vector register.
fn lanes_and_number(register: Register) -> (usize, usize) {
    let index = (register as usize).wrapping_sub(Register::XMM0 as usize);
    (4 << (index / 32).min(2), index % 32)
}
