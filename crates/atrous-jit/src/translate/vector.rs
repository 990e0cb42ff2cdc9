//! Tiles: registers become one or more Cranelift variables, instructions are printed part by part.

use atrous_compiler::layer::Number;
use atrous_compiler::plan::{Access, BinaryOp, Instr, Part, Reg, Step, Tile};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::immediates::Ieee32;
use cranelift_codegen::ir::{BlockArg, ConstantData, Endianness, InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_frontend::{FunctionBuilder, Variable};

use super::address::{self, ELEMENT};
use super::nest::Emitter;

/// A register of a tile. Cranelift has 128-bit vectors on all machines and none that are wider on most.
pub(super) struct Register {
    /// What each part is: a vector of four lanes, or a scalar where the lanes are fewer than that.
    ty: Type,
    /// Lanes of one part.
    width: usize,
    /// The lanes in order.
    parts: Vec<Variable>,
}

/// Most multiply-adds that share a group: a product lives until its sum, in a register.
const MOST_TOGETHER: usize = 2;

/// The multiply-adds at the beginning of some steps that make a group: their order does not matter.
fn together(steps: &[Step]) -> Vec<&Instr> {
    let mut together: Vec<&Instr> = Vec::new();
    for step in steps.iter().take(MOST_TOGETHER) {
        let Step::Do(later @ Instr::MultiplyAdd { .. }) = step else { break };
        if together.iter().any(|earlier| depends(later, earlier)) {
            break;
        }
        together.push(later);
    }
    together
}

/// Whether a multiply-add must not sum before an earlier one. It may write the factors of that, which are read before.
fn depends(later: &Instr, earlier: &Instr) -> bool {
    let Instr::MultiplyAdd { to, addend, .. } = *earlier else { return true };
    later.operands().any(|operand| operand == to)
        || later.written().is_some_and(|written| written == to || written == addend)
}

/// What a multiply-add adds.
enum Term {
    /// A rounded product.
    Product(Value),
    /// The factors of one that is added without being rounded.
    Factors(Value, Value),
}

/// Elements need no alignment, and verified accesses are in bounds.
fn element() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

impl Emitter<'_> {
    pub(super) fn tile(&mut self, tile: &Tile) {
        let declare = |lanes: usize| {
            let (ty, width) = if lanes.is_multiple_of(4) { (types::F32X4, 4) } else { (types::F32, 1) };
            let parts = (0..lanes / width).map(|_| self.builder.declare_var(ty)).collect();
            Register { ty, width, parts }
        };
        let registers: Vec<_> = tile.registers.iter().map(|register| register.lanes).map(declare).collect();
        self.steps(&registers, &tile.body);
    }

    fn steps(&mut self, registers: &[Register], steps: &[Step]) {
        let mut rest = steps;
        while let Some(step) = rest.first() {
            let together = together(rest);
            rest = &rest[together.len().max(1)..];
            match step {
                Step::Do(Instr::MultiplyAdd { .. }) => self.multiply_adds(registers, &together),
                Step::Do(instr) => self.instruction(registers, instr),
                Step::Reduce { var, count, body } => {
                    let accesses = address::in_steps(body);
                    self.counted(*var, *count, &accesses, |emitter| emitter.steps(registers, body));
                }
            }
        }
    }

    /// A group of multiply-adds: all products, then all sums.
    ///
    /// AMD Zen 4 multiplies in two of its pipes and adds in the other two, and binds an instruction to a pipe before its
    /// operands are ready; with products and sums by turns one of two pipes often has more to do. The sums are in reverse
    /// order because the register allocator then needs no memory for tiles that use each register.
    fn multiply_adds(&mut self, registers: &[Register], together: &[&Instr]) {
        let mut sums = Vec::new();
        for instr in together {
            if let Instr::MultiplyAdd { to, left, right, addend, fused, part } = **instr {
                sums.push((to, addend, part, self.terms(registers, [left, right], fused)));
            }
        }
        for (to, addend, part, terms) in sums.into_iter().rev() {
            let width = registers[to.0].width;
            let active = Part::range(part, tile_lanes(&registers[to.0]));
            let mut parts = terms.into_iter().enumerate();
            self.each(registers, to, [addend], |builder, ty, [addend]| match parts.next() {
                Some((part, term)) => {
                    let lanes = [0, 1, 2, 3].map(|lane| active.contains(&(part * width + lane)));
                    add_in_lanes(builder, ty, term, addend, &lanes[..width])
                }
                None => addend,
            });
        }
    }

    /// What a multiply-add adds to each part of a register.
    fn terms(&mut self, registers: &[Register], [left, right]: [Reg; 2], fused: bool) -> Vec<Term> {
        let pairs = registers[left.0].parts.iter().zip(&registers[right.0].parts);
        pairs
            .map(|(&left, &right)| {
                let [left, right] = [left, right].map(|factor| self.builder.use_var(factor));
                if fused { Term::Factors(left, right) } else { Term::Product(self.builder.ins().fmul(left, right)) }
            })
            .collect()
    }

    fn instruction(&mut self, registers: &[Register], instr: &Instr) {
        match instr {
            Instr::Constant { to, value } => {
                self.each(registers, *to, [], |builder, ty, []| constant(builder, ty, *value));
            }
            Instr::Load { to, from } => self.load(&registers[to.0], from),
            Instr::Broadcast { to, from } => self.broadcast(&registers[to.0], from),
            Instr::Store { from, to } => self.store(&registers[from.0], to),
            // A plan for vectors of this width asks for nothing.
            Instr::Prefetch { .. } => {}
            Instr::Binary { op, to, left, right } => {
                self.each(registers, *to, [*left, *right], |builder, ty, [a, b]| binary(builder, ty, *op, a, b));
            }
            Instr::MultiplyAdd { .. } => self.multiply_adds(registers, &[instr]),
            Instr::SelectLess { to, left, right, yes, no } => {
                let operands = [*left, *right, *yes, *no];
                self.each(registers, *to, operands, |builder, ty, [a, b, yes, no]| {
                    select_less(builder, ty, [a, b], yes, no)
                });
            }
            Instr::ShiftLeft { to, from, bits } => {
                self.each(registers, *to, [*from], |builder, ty, [value]| shift_left(builder, ty, value, *bits));
            }
            Instr::Shuffle { to, left, right, lanes } => {
                self.shuffle(&registers[to.0], [*left, *right].map(|register| &registers[register.0]), lanes);
            }
        }
    }

    /// `to = compute(operands)`, part by part.
    fn each<const N: usize>(
        &mut self,
        registers: &[Register],
        to: Reg,
        operands: [Reg; N],
        mut compute: impl FnMut(&mut FunctionBuilder<'_>, Type, [Value; N]) -> Value,
    ) {
        let target = &registers[to.0];
        for (part, &variable) in target.parts.iter().enumerate() {
            let values = operands.map(|operand| self.builder.use_var(registers[operand.0].parts[part]));
            let value = compute(&mut self.builder, target.ty, values);
            self.builder.def_var(variable, value);
        }
    }

    fn load(&mut self, to: &Register, from: &Access) {
        let stride = from.lane_stride(&self.plan.buffers[from.buffer.0]);
        let active = from.active(to.parts.len() * to.width);
        for (part, &variable) in to.parts.iter().enumerate() {
            let lanes = part * to.width..(part + 1) * to.width;
            let mut touched = lanes.clone().filter(|lane| active.contains(lane));
            let is_whole = touched.clone().count() == to.width;
            let value = if is_whole && (to.width == 1 || stride == 1) {
                self.load_at(to.ty, from, lanes.start, stride)
            } else {
                let start = if is_whole {
                    touched.next();
                    let lane = self.load_at(types::F32, from, lanes.start, stride);
                    self.builder.ins().scalar_to_vector(to.ty, lane)
                } else {
                    constant(&mut self.builder, to.ty, Number::new(0.0))
                };
                touched.fold(start, |vector, lane| {
                    let value = self.load_at(types::F32, from, lane, stride);
                    self.builder.ins().insertlane(vector, value, (lane - lanes.start) as u8)
                })
            };
            self.builder.def_var(variable, value);
        }
    }

    fn broadcast(&mut self, to: &Register, from: &Access) {
        let lane = self.load_at(types::F32, from, 0, 0);
        let value = if to.width == 1 { lane } else { self.splat(to.ty, lane) };
        for &variable in &to.parts {
            self.builder.def_var(variable, value);
        }
    }

    /// A number that was just loaded, in all lanes.
    ///
    /// Cranelift loads and copies in one instruction only if nothing is computed from the copies more than once. So the
    /// copies are handed to a block that follows at once, which is their one use. Otherwise each would cost a shuffle in
    /// a pipe that multiplies.
    fn splat(&mut self, ty: Type, lane: Value) -> Value {
        let copies = self.builder.ins().splat(ty, lane);
        let next = self.builder.create_block();
        let parameter = self.builder.append_block_param(next, ty);
        self.builder.ins().jump(next, &[BlockArg::Value(copies)]);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
        parameter
    }

    fn store(&mut self, from: &Register, to: &Access) {
        let stride = to.lane_stride(&self.plan.buffers[to.buffer.0]);
        let active = to.active(from.parts.len() * from.width);
        for (part, &variable) in from.parts.iter().enumerate() {
            let lanes = part * from.width..(part + 1) * from.width;
            let value = self.builder.use_var(variable);
            let is_whole = active.start <= lanes.start && lanes.end <= active.end;
            if is_whole && (from.width == 1 || stride == 1) {
                self.store_at(value, to, lanes.start, stride);
            } else if from.width > 1 {
                for lane in lanes.clone().filter(|lane| active.contains(lane)) {
                    let element = self.builder.ins().extractlane(value, (lane - lanes.start) as u8);
                    self.store_at(element, to, lane, stride);
                }
            }
        }
    }

    fn shuffle(&mut self, to: &Register, operands: [&Register; 2], lanes: &[usize]) {
        let parts = operands.into_iter().flat_map(|operand| &operand.parts);
        let parts: Vec<Value> = parts.map(|&part| self.builder.use_var(part)).collect();
        let from = |lane: usize| (parts[lane / to.width], lane % to.width);
        let values: Vec<Value> = match to.width {
            1 => lanes.iter().map(|&lane| from(lane).0).collect(),
            _ => {
                let builder = &mut self.builder;
                lanes
                    .chunks(4)
                    .map(|quad| shuffled(builder, to.ty, [0, 1, 2, 3].map(|lane| from(quad[lane]))))
                    .collect()
            }
        };
        for (&variable, value) in to.parts.iter().zip(values) {
            self.builder.def_var(variable, value);
        }
    }

    fn load_at(&mut self, ty: Type, access: &Access, lane: usize, stride: i64) -> Value {
        let (pointer, displacement) = self.locate(access, lane, stride);
        self.builder.ins().load(ty, element(), pointer, displacement)
    }

    fn store_at(&mut self, value: Value, access: &Access, lane: usize, stride: i64) {
        let (pointer, displacement) = self.locate(access, lane, stride);
        self.builder.ins().store(element(), value, pointer, displacement);
    }

    fn locate(&mut self, access: &Access, lane: usize, stride: i64) -> (Value, i32) {
        let (pointer, displacement) = self.scope.place(self.plan, access);
        let lane = (lane as i64).wrapping_mul(stride).wrapping_mul(ELEMENT);
        let value = self.scope.value(&pointer);
        self.displace(value, displacement.wrapping_add(lane))
    }
}

/// `term + addend` in some lanes, `addend` in the others.
fn add_in_lanes(builder: &mut FunctionBuilder<'_>, ty: Type, term: Term, addend: Value, lanes: &[bool]) -> Value {
    if !lanes.contains(&true) {
        return addend;
    }
    let sum = match term {
        Term::Product(product) => builder.ins().fadd(product, addend),
        Term::Factors(left, right) => builder.ins().fma(left, right, addend),
    };
    if !lanes.contains(&false) {
        return sum;
    }
    let taken = [0, 1, 2, 3].map(|lane| if lanes[lane] { lane } else { 4 + lane });
    shuffle_two(builder, ty, [sum, addend], taken)
}

fn tile_lanes(register: &Register) -> usize {
    register.width * register.parts.len()
}

fn constant(builder: &mut FunctionBuilder<'_>, ty: Type, value: Number) -> Value {
    let bits = value.get().to_bits();
    if ty == types::F32 {
        return builder.ins().f32const(Ieee32::with_bits(bits));
    }
    // Cranelift's constants are little-endian on all machines.
    let bytes = bits.to_le_bytes().repeat(ty.lane_count() as usize);
    let handle = builder.func.dfg.constants.insert(ConstantData::from(bytes));
    builder.ins().vconst(ty, handle)
}

fn binary(builder: &mut FunctionBuilder<'_>, ty: Type, op: BinaryOp, left: Value, right: Value) -> Value {
    match op {
        BinaryOp::Add => builder.ins().fadd(left, right),
        BinaryOp::Sub => builder.ins().fsub(left, right),
        BinaryOp::Mul => builder.ins().fmul(left, right),
        BinaryOp::Div => builder.ins().fdiv(left, right),
        // Not `fmin` and `fmax`, which differ for NaN and for zeros of both signs. Cranelift knows these two shapes
        // as x86's `minps` and `maxps`.
        BinaryOp::Min => select_less(builder, ty, [left, right], left, right),
        BinaryOp::Max => select_less(builder, ty, [right, left], left, right),
    }
}

/// `if smaller < larger { yes } else { no }`
fn select_less(
    builder: &mut FunctionBuilder<'_>,
    ty: Type,
    [smaller, larger]: [Value; 2],
    yes: Value,
    no: Value,
) -> Value {
    let holds = builder.ins().fcmp(FloatCC::LessThan, smaller, larger);
    if ty == types::F32 {
        return builder.ins().select(holds, yes, no);
    }
    let mask = builder.ins().bitcast(ty, lanes_in_order(), holds);
    builder.ins().bitselect(mask, yes, no)
}

fn shift_left(builder: &mut FunctionBuilder<'_>, ty: Type, value: Value, bits: u32) -> Value {
    let integers = ty.as_int();
    let value = builder.ins().bitcast(integers, lanes_in_order(), value);
    let count = builder.ins().iconst(types::I32, i64::from(bits));
    let shifted = builder.ins().ishl(value, count);
    builder.ins().bitcast(ty, lanes_in_order(), shifted)
}

/// Four lanes, each of some vector. One shuffle where the first two are of one vector and the last two of one, or where
/// they are of two by turns; else the pairs first.
fn shuffled(builder: &mut FunctionBuilder<'_>, ty: Type, from: [(Value, usize); 4]) -> Value {
    let [first, second, third, fourth] = from;
    let lanes = from.map(|(_, lane)| lane);
    if first.0 == second.0 && third.0 == fourth.0 {
        return shuffle_two(builder, ty, [first.0, third.0], [lanes[0], lanes[1], 4 + lanes[2], 4 + lanes[3]]);
    }
    if first.0 == third.0 && second.0 == fourth.0 && (lanes == [0, 0, 1, 1] || lanes == [2, 2, 3, 3]) {
        return shuffle_two(builder, ty, [first.0, second.0], [lanes[0], 4 + lanes[1], lanes[2], 4 + lanes[3]]);
    }
    let [low, high] = [[first, second], [third, fourth]]
        .map(|[left, right]| shuffle_two(builder, ty, [left.0, right.0], [left.1, left.1, 4 + right.1, 4 + right.1]));
    shuffle_two(builder, ty, [low, high], [0, 2, 4, 6])
}

/// Four lanes of two vectors, counted through.
fn shuffle_two(builder: &mut FunctionBuilder<'_>, ty: Type, [left, right]: [Value; 2], lanes: [usize; 4]) -> Value {
    let bytes = lanes.iter().flat_map(|&lane| (0..4).map(move |byte| (4 * lane + byte) as u8)).collect::<Vec<_>>();
    let mask = builder.func.dfg.immediates.push(ConstantData::from(bytes.as_slice()));
    let [left, right] = [left, right].map(|value| builder.ins().bitcast(types::I8X16, lanes_in_order(), value));
    let shuffled = builder.ins().shuffle(left, right, mask);
    builder.ins().bitcast(ty, lanes_in_order(), shuffled)
}

/// A bit cast between vectors keeps lane `l` in lane `l` whatever the machine's byte order, as long as both sides name
/// the same order; scalars need none.
fn lanes_in_order() -> MemFlagsData {
    MemFlagsData::new().with_endianness(Endianness::Little)
}
