//! How fast tiles are, against the fastest that this machine can multiply and add.
//!
//! `cargo run --release -p atrous-jit --example tiles`
//!
//! Each row has the best of many runs, which take turns with runs of a loop that only multiplies and adds in registers.

use std::time::Instant;

use atrous_compiler::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use atrous_compiler::net::Net;
use atrous_compiler::plan::{
    Access, Affine, Buffer, BufferId, Count, Instr, Lanes, Plan, Reg, Register, Role, Stage, Step, Stmt, Target, Tile,
    Var, verify,
};
use atrous_compiler::{Checked, compile};
use atrous_jit::{Kernel, Packed, host_target};

const CHANNELS: usize = 64;
const HEIGHT: usize = 56;
const WIDTH: usize = 48;
const ROUNDS: usize = 40;

/// A kernel with its buffers.
struct Subject {
    name: String,
    kernel: Kernel,
    packed: Packed,
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
    flops: f64,
    compile_ms: f64,
    best: f64,
}

impl Subject {
    fn new(name: String, plan: &Checked<Plan>, multiply_adds: f64) -> Subject {
        let start = Instant::now();
        let kernel = Kernel::compile(plan).expect("this machine's plan");
        let compile_ms = start.elapsed().as_secs_f64() * 1e3;
        let fill = |role: Role| {
            let buffers = plan.buffers.iter().filter(|buffer| buffer.role == role);
            buffers.map(|buffer| (0..buffer.len()).map(|index| (index % 7) as f32 * 0.01).collect()).collect()
        };
        let parameters: Vec<Vec<f32>> = fill(Role::Parameter);
        let parameters: Vec<&[f32]> = parameters.iter().map(Vec::as_slice).collect();
        let packed = kernel.pack(&parameters).expect("the plan's parameters");
        let (inputs, outputs) = (fill(Role::Input), fill(Role::Output));
        Subject { name, kernel, packed, inputs, outputs, flops: 2.0 * multiply_adds, compile_ms, best: f64::INFINITY }
    }

    fn run(&mut self) {
        let inputs: Vec<&[f32]> = self.inputs.iter().map(Vec::as_slice).collect();
        let mut outputs: Vec<&mut [f32]> = self.outputs.iter_mut().map(Vec::as_mut_slice).collect();
        let start = Instant::now();
        self.kernel.run(&self.packed, &inputs, &mut outputs).expect("the plan's buffers");
        self.best = self.best.min(start.elapsed().as_secs_f64());
    }

    fn gigaflops(&self) -> f64 {
        self.flops / self.best / 1e9
    }
}

fn main() {
    let target = host_target();
    if target == Target::portable() {
        println!("this machine has no vectors wider than 128 bits");
        return;
    }
    let mut subjects = vec![peak(&target)];
    let shapes: &[[usize; 2]] = match target.registers {
        16 => &[[4, 3], [3, 3], [6, 2], [2, 5], [12, 1]],
        _ => &[[8, 3], [4, 6], [6, 4], [14, 2], [4, 3]],
    };
    for &[rows, vectors] in shapes {
        subjects.push(along_width(&target, rows, vectors));
        subjects.push(along_channels(&target, rows, vectors, false));
        subjects.push(along_channels(&target, rows, vectors, true));
    }
    subjects.extend(layers(&target));
    for _ in 0..ROUNDS {
        subjects.iter_mut().for_each(Subject::run);
    }
    let peak = subjects[0].gigaflops();
    println!("{:52} {:>8} {:>6} {:>9} {:>10}", target.name, "GF/s", "peak", "us", "compile ms");
    for subject in &subjects {
        let (gigaflops, us) = (subject.gigaflops(), subject.best * 1e6);
        let share = 100.0 * gigaflops / peak;
        println!("{:52} {gigaflops:8.1} {share:5.1}% {us:9.1} {:10.2}", subject.name, subject.compile_ms);
    }
}

/// Multiply-adds of registers.
fn peak(target: &Target) -> Subject {
    let sums = if target.registers == 16 { 12 } else { 24 };
    let mut plan = empty(target);
    let x = buffer(&mut plan, "x", Role::Input, &[target.lanes]);
    let y = buffer(&mut plan, "y", Role::Output, &[sums, target.lanes]);
    let mut tile = Builder::new(target.lanes, sums + 2);
    tile.load(sums, x, vec![0.into()]);
    tile.load(sums + 1, x, vec![0.into()]);
    (0..sums).for_each(|sum| tile.zero(sum));
    let mut body = Builder::new(target.lanes, 0);
    (0..sums).for_each(|sum| body.multiply_add(sum, sums, sums + 1));
    let count = 20_000;
    tile.steps.push(Step::Reduce { var: Var(0), count: Count::Fixed(count), body: body.steps });
    (0..sums).for_each(|sum| tile.store(sum, y, vec![(sum as i64).into(), 0.into()]));
    plan.run.push(Stage { name: "peak".into(), vars: vec!["k".into()], body: vec![tile.tile()] });
    let multiply_adds = count as f64 * (sums * target.lanes) as f64;
    Subject::new("registers only".into(), &verify(plan).expect("a plan"), multiply_adds)
}

/// 3×3 taps, lanes along the width: `rows` output channels by `vectors` vectors of positions.
fn along_width(target: &Target, rows: usize, vectors: usize) -> Subject {
    let (lanes, blocks) = (target.lanes, CHANNELS / rows);
    let width = WIDTH / (lanes * vectors) * lanes * vectors;
    let channels = blocks * rows;
    let mut plan = empty(target);
    let x = buffer(&mut plan, "x", Role::Input, &[CHANNELS, HEIGHT + 2, width + 2]);
    let w = buffer(&mut plan, "w", Role::Input, &[blocks, CHANNELS, 3, 3, rows]);
    let y = buffer(&mut plan, "y", Role::Output, &[channels, HEIGHT, width]);
    let [block, line, column, i, ky, kx] = [0, 1, 2, 3, 4, 5].map(Var);
    let at = |vector: usize| Affine::term(column, (lanes * vectors) as i64).plus_constant((vector * lanes) as i64);
    let sum = |row: usize, vector: usize| row * vectors + vector;
    let (input, weight) = (rows * vectors, rows * vectors + vectors);
    let mut body = Builder::new(lanes, 0);
    for vector in 0..vectors {
        let line = Affine::var(line).plus_term(ky, 1);
        body.load(input + vector, x, vec![i.into(), line, at(vector).plus_term(kx, 1)]);
    }
    for row in 0..rows {
        body.broadcast(weight, w, vec![block.into(), i.into(), ky.into(), kx.into(), (row as i64).into()]);
        (0..vectors).for_each(|vector| body.multiply_add(sum(row, vector), input + vector, weight));
    }
    let mut tile = Builder::new(lanes, weight + 1);
    (0..rows * vectors).for_each(|sum| tile.zero(sum));
    tile.steps.push(nest([(i, CHANNELS), (ky, 3), (kx, 3)], body.steps));
    for row in 0..rows {
        let channel = Affine::term(block, rows as i64).plus_constant(row as i64);
        (0..vectors).for_each(|vector| tile.store(sum(row, vector), y, vec![channel.clone(), line.into(), at(vector)]));
    }
    let columns = width / (lanes * vectors);
    let stage = loops([(block, blocks), (line, HEIGHT), (column, columns)], tile.tile());
    plan.run.push(stage);
    let multiply_adds = (channels * CHANNELS * 9 * HEIGHT * width) as f64;
    let name = format!("3x3, {rows} channels x {vectors} vectors of width");
    Subject::new(name, &verify(plan).expect("a plan"), multiply_adds)
}

/// 3×3 taps, lanes along channels: `rows` positions by `vectors` vectors of output channels.
///
/// With `borders`, the first and the last line have two rows of taps instead of three, so that a column counts them.
fn along_channels(target: &Target, rows: usize, vectors: usize, borders: bool) -> Subject {
    let (lanes, blocks) = (target.lanes, CHANNELS / (target.lanes * vectors));
    let (width, channels) = (WIDTH / rows * rows, blocks * vectors * lanes);
    let mut plan = empty(target);
    let x = buffer(&mut plan, "x", Role::Input, &[HEIGHT + 2, width + 2, CHANNELS]);
    let w = buffer(&mut plan, "w", Role::Input, &[blocks, CHANNELS, 3, 3, vectors * lanes]);
    let y = buffer(&mut plan, "y", Role::Output, &[HEIGHT, width, channels]);
    let [block, line, column, i, ky, kx, start, lines, taps] = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(Var);
    let output_line = if borders { Affine::var(line).plus_term(start, 1) } else { line.into() };
    let sum = |row: usize, vector: usize| row * vectors + vector;
    let (weight, input) = (rows * vectors, rows * vectors + vectors);
    let position = |row: usize| Affine::term(column, rows as i64).plus_constant(row as i64);
    let mut body = Builder::new(lanes, 0);
    for vector in 0..vectors {
        let channel = (vector * lanes) as i64;
        body.load(weight + vector, w, vec![block.into(), i.into(), ky.into(), kx.into(), channel.into()]);
    }
    for row in 0..rows {
        let line = output_line.plus(&ky.into());
        body.broadcast(input, x, vec![line, position(row).plus_term(kx, 1), i.into()]);
        (0..vectors).for_each(|vector| body.multiply_add(sum(row, vector), weight + vector, input));
    }
    let mut tile = Builder::new(lanes, input + 1);
    (0..rows * vectors).for_each(|sum| tile.zero(sum));
    let mut steps = nest([(i, CHANNELS), (ky, 3), (kx, 3)], body.steps);
    if let (true, Step::Reduce { body, .. }) = (borders, &mut steps)
        && let Some(Step::Reduce { count, body, .. }) = body.first_mut()
        && let Some(Step::Reduce { count: columns, .. }) = body.first_mut()
    {
        (*count, *columns) = (Count::Column(taps), Count::Column(taps));
    }
    tile.steps.push(steps);
    for row in 0..rows {
        for vector in 0..vectors {
            let channel = Affine::term(block, (vectors * lanes) as i64).plus_constant((vector * lanes) as i64);
            tile.store(sum(row, vector), y, vec![output_line.clone(), position(row), channel]);
        }
    }
    let mut stage = loops([(block, blocks), (line, HEIGHT), (column, width / rows)], tile.tile());
    if let (true, Some(Stmt::For { body, .. })) = (borders, stage.body.first_mut()) {
        stage.vars.extend(["start", "lines", "taps"].map(String::from));
        if let Some(Stmt::For { count, .. }) = body.first_mut() {
            *count = Count::Column(lines);
        }
        let last = HEIGHT as i64 - 1;
        let rows = vec![vec![0, 1, 2], vec![1, last - 1, 3], vec![last, 1, 2]];
        let body = std::mem::take(body);
        let table = Stmt::Regions { columns: vec![start, lines, taps], rows, body };
        stage.body = vec![Stmt::For { var: block, count: Count::Fixed(blocks as i64), body: vec![table] }];
    }
    plan.run.push(stage);
    let name =
        format!("3x3, {rows} positions x {vectors} vectors of channels{}", if borders { ", borders" } else { "" });
    let plan = verify(plan).expect("a plan");
    let multiply_adds = atrous_compiler::plan::eval::count_macs(&plan) as f64;
    Subject::new(name, &plan, multiply_adds)
}

/// Layers as they are compiled.
fn layers(target: &Target) -> Vec<Subject> {
    let mut subjects = Vec::new();
    let shapes = [
        ("3x3 64-64 56", 64, 64, 1, 56, 3, 1, false),
        ("3x3 128-128 28", 128, 128, 1, 28, 3, 1, false),
        ("1x1 64-256 56", 64, 256, 1, 56, 1, 1, false),
        ("3x3/2 64-128 56", 64, 128, 1, 56, 3, 2, false),
        ("7x7/2 3-64 224", 3, 64, 1, 224, 7, 2, false),
        ("depthwise 3x3 144 56", 144, 144, 144, 56, 3, 1, false),
        ("transposed 4x4/2 64-32 32", 64, 32, 1, 32, 4, 2, true),
    ];
    for (name, inputs, outputs, groups, size, kernel, stride, transposed) in shapes {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            let side = (kernel as i64 - 1) / 2;
            let axis = LayerAxis { input: size, kernel, stride, dilation: 1, padding: [side, side], output_padding: 0 };
            let layer = Layer {
                name: "layer".into(),
                batch: 1,
                input_channels: inputs,
                output_channels: outputs,
                groups,
                axes: vec![axis; 2],
                transposed,
                padding_mode: PaddingMode::Zeros,
                bias: true,
                activation: Activation::Relu,
                layout,
            };
            let net = Net::of_layer(layer);
            let plan = compile(&net, target).expect("a plan");
            let multiply_adds = atrous_compiler::plan::eval::count_macs(&plan) as f64;
            subjects.push(Subject::new(format!("{name} {layout:?}"), &plan, multiply_adds));
        }
    }
    subjects
}

fn empty(target: &Target) -> Plan {
    let target = target.clone();
    let (buffers, pack, run) = (Vec::new(), Vec::new(), Vec::new());
    Plan { name: "tiles".into(), target, buffers, packed_len: 0, scratch_len: 0, pack, run }
}

fn buffer(plan: &mut Plan, name: &str, role: Role, shape: &[usize]) -> BufferId {
    plan.buffers.push(Buffer { name: name.into(), role, shape: shape.to_vec() });
    BufferId(plan.buffers.len() - 1)
}

fn nest(vars: [(Var, usize); 3], body: Vec<Step>) -> Step {
    let wrap = |body, (var, count)| vec![Step::Reduce { var, count: Count::Fixed(count as i64), body }];
    vars.into_iter().rev().fold(body, wrap).swap_remove(0)
}

fn loops(vars: [(Var, usize); 3], tile: Stmt) -> Stage {
    let wrap = |body, (var, count)| Stmt::For { var, count: Count::Fixed(count as i64), body: vec![body] };
    let names = ["block", "line", "column", "i", "ky", "kx"].map(String::from).to_vec();
    Stage { name: "conv".into(), vars: names, body: vec![vars.into_iter().rev().fold(tile, wrap)] }
}

/// Steps on registers of one width.
struct Builder {
    lanes: usize,
    registers: usize,
    steps: Vec<Step>,
}

impl Builder {
    fn new(lanes: usize, registers: usize) -> Builder {
        Builder { lanes, registers, steps: Vec::new() }
    }

    fn row(buffer: BufferId, index: Vec<Affine>) -> Access {
        let lanes = Some(Lanes { dim: index.len() - 1, step: 1 });
        Access { buffer, index, lanes }
    }

    fn load(&mut self, to: usize, buffer: BufferId, index: Vec<Affine>) {
        self.steps.push(Step::Do(Instr::Load { to: Reg(to), from: Builder::row(buffer, index) }));
    }

    fn broadcast(&mut self, to: usize, buffer: BufferId, index: Vec<Affine>) {
        self.steps.push(Step::Do(Instr::Broadcast { to: Reg(to), from: Access { buffer, index, lanes: None } }));
    }

    fn store(&mut self, from: usize, buffer: BufferId, index: Vec<Affine>) {
        self.steps.push(Step::Do(Instr::Store { from: Reg(from), to: Builder::row(buffer, index) }));
    }

    fn zero(&mut self, to: usize) {
        self.steps.push(Step::Do(Instr::Constant { to: Reg(to), value: Number::new(0.0) }));
    }

    fn multiply_add(&mut self, to: usize, left: usize, right: usize) {
        let [to, left, right] = [to, left, right].map(Reg);
        self.steps.push(Step::Do(Instr::MultiplyAdd { to, left, right, addend: to, fused: true }));
    }

    fn tile(self) -> Stmt {
        let register = |index| Register { name: format!("r{index}"), lanes: self.lanes };
        Stmt::Tile(Tile { registers: (0..self.registers).map(register).collect(), body: self.steps })
    }
}
