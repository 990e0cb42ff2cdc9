//! Instructions, labels and constants on their way to bytes.

use std::collections::BTreeMap;

use iced_x86::{
    BlockEncoder, BlockEncoderOptions, Code, IcedError, Instruction, InstructionBlock, MemoryOperand, Register,
};

/// A place that branches and memory operands refer to. Instructions have it as their address until they are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(u64);

/// The last operand of an instruction, as far as immediate numbers are none.
#[derive(Clone, Copy)]
pub(super) enum Operand {
    Register(Register),
    Memory(MemoryOperand),
}

/// Code while it is written.
#[derive(Default)]
pub(super) struct Listing {
    instructions: Vec<Instruction>,
    labels: u64,
    /// The label of the next instruction.
    pending: Option<Label>,
    constants: BTreeMap<Vec<u32>, Label>,
    /// Why the code is wrong.
    failure: Option<IcedError>,
}

impl Listing {
    pub(super) fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels)
    }

    /// Puts a label before the next instruction. There is at most one label at a place.
    pub(super) fn place(&mut self, label: Label) {
        if self.pending.is_some() {
            self.push(Ok(Instruction::with(Code::Nopd)));
        }
        self.pending = Some(label);
    }

    pub(super) fn push(&mut self, instruction: Result<Instruction, IcedError>) {
        match instruction {
            Ok(mut instruction) => {
                if let Some(Label(label)) = self.pending.take() {
                    instruction.set_ip(label);
                }
                self.instructions.push(instruction);
            }
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }

    pub(super) fn branch(&mut self, code: Code, label: Label) {
        self.push(Instruction::with_branch(code, label.0));
    }

    /// `code to, from`
    pub(super) fn two(&mut self, code: Code, to: Register, from: Operand) {
        self.push(match from {
            Operand::Register(from) => Instruction::with2(code, to, from),
            Operand::Memory(from) => Instruction::with2(code, to, from),
        });
    }

    /// `code to, left, right`
    pub(super) fn three(&mut self, code: Code, to: Register, left: Register, right: Operand) {
        self.push(match right {
            Operand::Register(right) => Instruction::with3(code, to, left, right),
            Operand::Memory(right) => Instruction::with3(code, to, left, right),
        });
    }

    /// `code to{mask}, left, right`
    pub(super) fn three_masked(&mut self, code: Code, to: Register, left: Register, right: Operand, mask: Register) {
        let instruction = match right {
            Operand::Register(right) => Instruction::with3(code, to, left, right),
            Operand::Memory(right) => Instruction::with3(code, to, left, right),
        };
        self.push(instruction.map(|mut instruction| {
            instruction.set_op_mask(mask);
            instruction
        }));
    }

    /// `code to, from, number`
    pub(super) fn two_and_number(&mut self, code: Code, to: Register, from: Operand, number: u32) {
        self.push(match from {
            Operand::Register(from) => Instruction::with3(code, to, from, number),
            Operand::Memory(from) => Instruction::with3(code, to, from, number),
        });
    }

    /// `code to, left, right, number`
    pub(super) fn three_and_number(&mut self, code: Code, to: Register, left: Register, right: Operand, number: u32) {
        self.push(match right {
            Operand::Register(right) => Instruction::with4(code, to, left, right, number),
            Operand::Memory(right) => Instruction::with4(code, to, left, right, number),
        });
    }

    /// Constant words behind the code.
    pub(super) fn constant(&mut self, words: Vec<u32>) -> MemoryOperand {
        let Label(label) = match self.constants.get(&words) {
            Some(&label) => label,
            None => {
                let label = self.label();
                self.constants.insert(words, label);
                label
            }
        };
        MemoryOperand::new(Register::RIP, Register::None, 1, label as i64, 1, false, Register::None)
    }

    /// The bytes, and how many of them are code: constants follow.
    pub(super) fn encode(mut self) -> Result<(Vec<u8>, usize), IcedError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let code = self.instructions.len();
        for (words, Label(label)) in std::mem::take(&mut self.constants) {
            for (index, words) in words.chunks(4).enumerate() {
                let mut data = Instruction::with_declare_dword(words)?;
                if index == 0 {
                    data.set_ip(label);
                }
                self.instructions.push(data);
            }
        }
        let block = InstructionBlock::new(&self.instructions, 0);
        let encoded = BlockEncoder::encode(64, block, BlockEncoderOptions::RETURN_NEW_INSTRUCTION_OFFSETS)?;
        let end =
            encoded.new_instruction_offsets.get(code).map_or(encoded.code_buffer.len(), |&offset| offset as usize);
        Ok((encoded.code_buffer, end))
    }
}
