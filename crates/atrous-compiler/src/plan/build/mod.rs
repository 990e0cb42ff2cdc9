//! From a graph whose passes have run to a plan: stages, memory, and the decisions of the schedule written out.

mod activation;
mod contraction;
mod memory;
mod nest;
mod pack;
mod parallel;
mod pointwise;
mod regions;
mod reorder;
#[cfg(test)]
mod tests;

use super::schedule::{Block, Choose, Expectation, Loops, Ranked, Schedule, Slow, blocks, counted, ranking, walked};
use super::{BinaryOp, Buffer, BufferId, Decision, Plan, Role, Stage, Target};
use crate::ir::{self, Contraction, Graph, Node, Op, Value};
use crate::layer::Activation;
use memory::Lifetime;
use nest::Names;

/// The plan of a graph for a target. `choose` gets the name of each contraction's stage and its schedules, in the order of
/// their [`ranking`], and says the number of one; the last, if there are fewer.
///
/// # Panics
///
/// If the passes have not run: only contractions can be planned.
pub fn build(graph: &Graph, target: &Target, choose: Choose) -> Plan {
    let mut builder = Builder {
        graph,
        target,
        choose,
        buffers: Vec::new(),
        of_value: vec![None; graph.nodes.len()],
        pack: Vec::new(),
        run: Vec::new(),
        names: BuilderNames::default(),
    };
    builder.add_signature();
    for unit in units(graph) {
        let name = builder.stage_name(&unit);
        builder.add_output_buffer(&unit, &name);
        builder.add_stage(&unit, name);
    }
    builder.finish()
}

/// What a stage of the run program is made of.
pub struct Origin {
    /// The operation that does the work.
    pub node: Value,
    /// The schedules that there are to choose from, by what they are expected to cost, but for the first, which may cost a
    /// little more than the next ones; none where nothing is chosen, as for the copy of an input.
    pub ranking: Vec<Ranked>,
}

/// The origins of the stages of a graph's plan, in their order.
pub fn origins(graph: &Graph, plan: &Plan) -> Vec<Origin> {
    let mut origins: Vec<Origin> = Vec::new();
    for unit in units(graph) {
        let node = unit.main;
        let Op::Contraction(contraction) = &graph.node(node).op else {
            origins.push(Origin { node, ranking: Vec::new() });
            continue;
        };
        let copies = plan.run[origins.len()..].iter().take_while(|stage| stage.decision.is_none()).count();
        origins.extend((0..copies).map(|_| Origin { node, ranking: Vec::new() }));
        let epilogue = activation::registers(unit.activation);
        origins.push(Origin { node, ranking: ranking(contraction, epilogue, graph.layout, &plan.target) });
    }
    origins
}

/// What becomes one stage: an operation together with the epilogue that alone reads it.
struct Unit {
    /// The operation that does the work.
    main: Value,
    /// The value that the stage writes.
    result: Value,
    bias: Option<Value>,
    activation: Activation,
}

fn units(graph: &Graph) -> Vec<Unit> {
    let readers = readers(graph);
    let is_work = |op: &Op| !matches!(op, Op::Input | Op::Parameter | Op::FlipTaps { .. });
    let works = (0..graph.nodes.len()).map(Value).filter(|&value| is_work(&graph.node(value).op));
    let mut fused = vec![false; graph.nodes.len()];
    let mut units = Vec::new();
    for main in works {
        if fused[main.0] {
            continue;
        }
        let unit = match epilogue_of(graph, &readers, main) {
            Some((result, bias, activation)) => Unit { main, result, bias, activation },
            None => Unit { main, result: main, bias: None, activation: Activation::None },
        };
        fused[unit.result.0] = true;
        units.push(unit);
    }
    units
}

/// How often each value is read, by nodes and as an output, and the last node that reads it.
fn readers(graph: &Graph) -> Vec<(usize, Option<Value>)> {
    let mut readers = vec![(0, None); graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        for read in &node.reads {
            readers[read.0] = (readers[read.0].0 + 1, Some(Value(index)));
        }
    }
    graph.outputs.iter().for_each(|(_, output)| readers[output.0].0 += 1);
    readers
}

/// The epilogue that is the only reader of a value.
fn epilogue_of(
    graph: &Graph,
    readers: &[(usize, Option<Value>)],
    value: Value,
) -> Option<(Value, Option<Value>, Activation)> {
    let (1, Some(reader)) = readers[value.0] else { return None };
    let node = graph.node(reader);
    match node.op {
        Op::Epilogue { activation }
            if node.reads[0] == value && !matches!(graph.node(value).op, Op::Epilogue { .. }) =>
        {
            Some((reader, node.reads.get(1).copied(), activation))
        }
        _ => None,
    }
}

struct Builder<'a> {
    graph: &'a Graph,
    target: &'a Target,
    choose: Choose<'a>,
    buffers: Vec<Buffer>,
    /// The buffer of each value that has one.
    of_value: Vec<Option<BufferId>>,
    pack: Vec<Stage>,
    run: Vec<Stage>,
    names: BuilderNames,
}

/// The names of what a plan has.
#[derive(Default)]
struct BuilderNames {
    buffers: Names,
    pack: Names,
    run: Names,
}

impl Builder<'_> {
    fn add_buffer(&mut self, name: &str, role: Role, shape: Vec<usize>) -> BufferId {
        let name = self.names.buffers.fresh(name);
        self.buffers.push(Buffer { name, role, shape });
        BufferId(self.buffers.len() - 1)
    }

    fn in_memory(&self, value: Value) -> Vec<usize> {
        self.graph.layout.in_memory(&self.graph.node(value).shape)
    }

    fn buffer(&self, value: Value) -> BufferId {
        self.of_value[value.0].expect("values are computed before they are read")
    }

    /// Inputs, outputs and parameters, each in the net's order.
    fn add_signature(&mut self) {
        let graph = self.graph;
        let leaves = |op: Op| (0..graph.nodes.len()).map(Value).filter(move |&value| graph.node(value).op == op);
        let (inputs, parameters) = (leaves(Op::Input), leaves(Op::Parameter));
        for value in inputs {
            let shape = self.in_memory(value);
            self.of_value[value.0] = Some(self.add_buffer(&graph.node(value).name, Role::Input, shape));
        }
        for (name, value) in &graph.outputs {
            let shape = self.in_memory(*value);
            self.of_value[value.0] = Some(self.add_buffer(name, Role::Output, shape));
        }
        for value in parameters {
            let Node { name, shape, .. } = graph.node(value);
            self.of_value[value.0] = Some(self.add_buffer(name, Role::Parameter, shape.clone()));
        }
    }

    /// Values that are not outputs live in scratch memory; `finish` places them.
    fn add_output_buffer(&mut self, unit: &Unit, name: &str) {
        if self.of_value[unit.result.0].is_none() {
            let shape = self.in_memory(unit.result);
            self.of_value[unit.result.0] = Some(self.add_buffer(name, Role::Scratch { offset: 0 }, shape));
        }
    }

    fn stage_name(&mut self, unit: &Unit) -> String {
        let node = self.graph.node(unit.main);
        match node.op {
            Op::Pad { .. } => self.names.run.fresh(&format!("{}_pad", node.name)),
            _ => self.names.run.fresh(&node.name),
        }
    }

    fn add_stage(&mut self, unit: &Unit, name: String) {
        let node = self.graph.node(unit.main);
        let stage = match &node.op {
            Op::Contraction(contraction) => self.contraction(name, unit, contraction),
            Op::Pad { mode, sides } => pointwise::pad(&pointwise::Pad {
                name,
                mode: *mode,
                sides,
                shape: &self.graph.node(node.reads[0]).shape,
                layout: self.graph.layout,
                lanes: self.target.lanes,
                input: self.buffer(node.reads[0]),
                output: self.buffer(unit.result),
            }),
            Op::Epilogue { activation } => {
                let unit = Unit { bias: node.reads.get(1).copied(), activation: *activation, ..*unit };
                self.pointwise(name, &unit, BinaryOp::Add, &node.reads[..1])
            }
            Op::Add => self.pointwise(name, unit, BinaryOp::Add, &node.reads),
            Op::Mul => self.pointwise(name, unit, BinaryOp::Mul, &node.reads),
            other => panic!("the passes leave nothing like {other:?}"),
        };
        self.run.push(parallel::divide(stage));
    }

    fn pointwise(&mut self, name: String, unit: &Unit, op: BinaryOp, reads: &[Value]) -> Stage {
        let operands: Vec<BufferId> = reads.iter().map(|&read| self.buffer(read)).collect();
        pointwise::stage(&pointwise::Job {
            name,
            op,
            operands: &operands,
            bias: unit.bias.map(|bias| self.packed_bias(bias)),
            activation: unit.activation,
            output: self.buffer(unit.result),
            shape: &self.graph.node(unit.result).shape,
            layout: self.graph.layout,
            lanes: self.target.lanes,
        })
    }

    fn contraction(&mut self, name: String, unit: &Unit, contraction: &Contraction) -> Stage {
        let node = self.graph.node(unit.main);
        let (layout, epilogue) = (self.graph.layout, activation::registers(unit.activation));
        let ranking = ranking(contraction, epilogue, layout, self.target);
        let contraction = &walked(contraction, layout, self.target);
        let schedules: Vec<Schedule> = ranking.iter().map(|ranked| ranked.schedule).collect();
        let Ranked { schedule, half_cycles } = ranking[(self.choose)(&name, &schedules).min(schedules.len() - 1)];
        let blocks: Vec<(Block, BufferId)> = blocks(contraction.groups, contraction.group_outputs, &schedule)
            .into_iter()
            .map(|block| (block, self.packed_weight(node.reads[1], contraction, &schedule, block)))
            .collect();
        let input = self.buffer(node.reads[0]);
        let input = if schedule.reorders_input { self.reordered(&name, node, contraction, input) } else { input };
        let stage = contraction::stage(&contraction::Job {
            name,
            contraction,
            schedule,
            blocks: &blocks,
            target: self.target,
            batch: node.shape[0],
            spatial: node.shape.len() - 2,
            layout,
            input,
            bias: unit.bias.map(|bias| self.packed_bias(bias)),
            activation: unit.activation,
            output: self.buffer(unit.result),
        });
        let loops = Loops::of(&schedule, contraction, epilogue, layout, self.target);
        let of_images = |half_cycles: usize| (half_cycles as u64).saturating_mul(node.shape[0] as u64);
        let counted = || counted(&stage, &self.buffers, self.target);
        let half_cycles = half_cycles.map_or_else(counted, of_images);
        let touched: [usize; 3] =
            [node.reads[0], node.reads[1], unit.result].map(|value| self.graph.node(value).shape.iter().product());
        let slow = |half_cycles: u64| {
            let expected = Expectation {
                half_cycles,
                multiply_adds: u64::try_from(ir::macs::of_contraction(node)).unwrap_or(u64::MAX),
                bytes: 4 * touched.iter().sum::<usize>() as u64,
                phases: contraction.axes.last().map_or(1, |axis| axis.output_step() as usize),
            };
            Slow::of(&expected, &schedule, loops, self.target)
        };
        // Counting takes long for large stages, of which few look slow.
        let slow = slow(half_cycles).and_then(|_| slow(half_cycles.min(counted())));
        Stage { decision: Some(Decision { schedule, half_cycles, loops, slow }), ..stage }
    }

    /// A copy of the input of a stage, in the order in which the stage reads it.
    fn reordered(&mut self, stage: &str, node: &Node, contraction: &Contraction, input: BufferId) -> BufferId {
        let name = self.names.run.fresh(&format!("{stage}_reorder"));
        let layout = self.graph.layout;
        let shape = reorder::shape(contraction, node.shape[0], layout);
        let output = self.add_buffer(&name, Role::Scratch { offset: 0 }, shape);
        let (batch, lanes) = (node.shape[0], self.target.lanes);
        self.run.push(parallel::divide(reorder::stage(&reorder::Job {
            name,
            contraction,
            batch,
            lanes,
            layout,
            input,
            output,
        })));
        output
    }

    fn packed_weight(
        &mut self,
        weight: Value,
        contraction: &Contraction,
        schedule: &Schedule,
        block: Block,
    ) -> BufferId {
        let node = self.graph.node(weight);
        let (parameter, flipped) = match node.op {
            Op::FlipTaps { .. } => (node.reads[0], true),
            _ => (weight, false),
        };
        let Schedule { along, phases_apart, .. } = *schedule;
        let summands = pack::Summands { contraction, layout: self.graph.layout, phases_apart };
        let (name, from, to) = self.packed(parameter, pack::shape(&summands, along, block));
        self.pack.push(pack::weight(
            name,
            &pack::Weight { summands, along, block, spatial: node.shape.len() - 2, flipped, from, to },
        ));
        to
    }

    fn packed_bias(&mut self, bias: Value) -> BufferId {
        let shape = self.graph.node(bias).shape.clone();
        let channels = shape[0];
        let (name, from, to) = self.packed(bias, shape);
        self.pack.push(pack::bias(name, channels, from, to));
        to
    }

    /// The name of the stage that packs a parameter, the parameter, and the new buffer for it.
    fn packed(&mut self, parameter: Value, shape: Vec<usize>) -> (String, BufferId, BufferId) {
        let name = self.names.pack.fresh(&self.graph.node(parameter).name.replace('.', "_"));
        let to = self.add_buffer(&format!("{name}_packed"), Role::Packed { offset: 0 }, shape);
        (name, self.buffer(parameter), to)
    }

    /// Places packed and scratch buffers.
    fn finish(mut self) -> Plan {
        let packed = self.with_role(|role| matches!(role, Role::Packed { .. }));
        let (offsets, packed_len) = memory::sequential(packed.iter().map(|&index| self.buffers[index].len()));
        for (index, offset) in packed.into_iter().zip(offsets) {
            self.buffers[index].role = Role::Packed { offset };
        }
        let scratch = self.with_role(|role| matches!(role, Role::Scratch { .. }));
        let (offsets, scratch_len) = memory::share(&self.lifetimes(&scratch));
        for (index, offset) in scratch.into_iter().zip(offsets) {
            self.buffers[index].role = Role::Scratch { offset };
        }
        Plan {
            name: self.graph.name.clone(),
            target: self.target.clone(),
            buffers: self.buffers,
            packed_len,
            scratch_len,
            pack: self.pack,
            run: self.run,
        }
    }

    fn with_role(&self, matches: fn(&Role) -> bool) -> Vec<usize> {
        (0..self.buffers.len()).filter(|&index| matches(&self.buffers[index].role)).collect()
    }

    /// When some buffers are live. What a stage reads and writes is looked up once: there may be thousands of both.
    fn lifetimes(&self, scratch: &[usize]) -> Vec<Lifetime> {
        let mut uses: Vec<Option<(usize, usize)>> = vec![None; self.buffers.len()];
        for (number, stage) in self.run.iter().enumerate() {
            for buffer in stage.writes() {
                uses[buffer.0].get_or_insert((number, number));
            }
            for buffer in stage.reads() {
                uses[buffer.0] = uses[buffer.0].map(|(first, _)| (first, number));
            }
        }
        let lifetime = |&index: &usize| {
            let (first, last) = uses[index].expect("a scratch buffer is written");
            Lifetime { len: self.buffers[index].len(), first, last }
        };
        scratch.iter().map(lifetime).collect()
    }
}
