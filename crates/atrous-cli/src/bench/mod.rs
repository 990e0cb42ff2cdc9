//! `bench`: how fast the machine code of a spec is, against what the machine can do.

mod peak;

use std::time::{Duration, Instant};

use atrous_compiler::layer::Layout;
use atrous_compiler::plan::Role;
use atrous_compiler::{Net, Target, compile, ir, lower};
use atrous_jit::{Kernel, Packed, RunError};
use serde_json::json;

use crate::args::BenchArgs;
use crate::build;
use crate::failure::Failure;
use crate::memory::bytes_of;
use crate::model;
use crate::random::Random;
use crate::report::Report;
use crate::run::weights;
use crate::source::Source;
use crate::target;

/// One visit of a kernel: calls for at least this long, after one that is not timed.
const VISIT: Duration = Duration::from_millis(2);

/// Times every net of a spec, or the one that is named, on random data.
pub fn run(args: &BenchArgs, report: &mut Report) -> Result<(), Failure> {
    let source = Source::read(&args.spec.file)?;
    let sizes = model::sizes(&args.spec.sizes)?;
    let front = model::check(&source, args.spec.net.as_deref(), &sizes, report)?;
    crate::deny(args.spec.deny, report)?;
    let target = target::to_run(args.spec.target)?;
    let peak = Bench::new(&peak::plan(&target)?, &[], &[vec![0.5; peak::INPUTS]])?;
    for net in build::nets(&args.spec, &front)? {
        args.memory_limit.check(&format!("the tensors of `{}`", net.name), bytes(&net))?;
        let bench = of_net(&net, &target)?;
        let times = rounds(&bench, &peak, args.rounds)?;
        tell(&net, &target, &bench, &times, report);
    }
    Ok(())
}

/// The tensors of a net that a run keeps, without those between its layers.
fn bytes(net: &Net) -> u64 {
    let values =
        (0..net.inputs.len() + net.steps.len()).map(|index| net.value_shape(atrous_compiler::net::ValueId(index)));
    let parameters = net.parameters().into_iter().map(|parameter| parameter.shape);
    let shapes: Vec<Vec<usize>> = values.chain(parameters).collect();
    bytes_of(shapes.iter().map(Vec::as_slice), 4)
}

/// A kernel with all that it needs to run.
struct Bench {
    kernel: Kernel,
    packed: Packed,
    inputs: Vec<Vec<f32>>,
    outputs: std::cell::RefCell<Vec<Vec<f32>>>,
    compiling: Duration,
}

impl Bench {
    fn new(
        plan: &atrous_compiler::Checked<atrous_compiler::Plan>,
        parameters: &[Vec<f32>],
        inputs: &[Vec<f32>],
    ) -> Result<Bench, Failure> {
        let start = Instant::now();
        let kernel = Kernel::compile(plan).map_err(|error| Failure::error(error.to_string()))?;
        let compiling = start.elapsed();
        let parameters: Vec<&[f32]> = parameters.iter().map(Vec::as_slice).collect();
        let packed = kernel.pack(&parameters).map_err(failed)?;
        let outputs = plan.buffers.iter().filter(|buffer| buffer.role == Role::Output);
        let outputs = std::cell::RefCell::new(outputs.map(|buffer| vec![0.0; buffer.len()]).collect());
        Ok(Bench { kernel, packed, inputs: inputs.to_vec(), outputs, compiling })
    }

    /// One call: how long each stage took.
    fn call(&self) -> Result<Vec<Duration>, Failure> {
        let inputs: Vec<&[f32]> = self.inputs.iter().map(Vec::as_slice).collect();
        let mut outputs = self.outputs.borrow_mut();
        let mut outputs: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        let mut starts = Vec::new();
        let observe = &mut |_: usize, _: &str| starts.push(Instant::now());
        self.kernel.run_observed(&self.packed, &inputs, &mut outputs, observe).map_err(failed)?;
        starts.push(Instant::now());
        Ok(starts.windows(2).map(|pair| pair[1] - pair[0]).collect())
    }

    /// The shortest time of each stage in one visit.
    fn visit(&self, best: &mut [Duration]) -> Result<(), Failure> {
        self.call()?;
        let start = Instant::now();
        loop {
            for (best, time) in best.iter_mut().zip(self.call()?) {
                *best = time.min(*best);
            }
            if start.elapsed() >= VISIT {
                return Ok(());
            }
        }
    }

    fn unmeasured(&self) -> Vec<Duration> {
        vec![Duration::MAX; self.kernel.plan().run.len()]
    }
}

fn failed(error: RunError) -> Failure {
    Failure::error(error.to_string())
}

fn of_net(net: &Net, target: &Target) -> Result<Bench, Failure> {
    let plan = compile(net, target).map_err(|error| Failure::error(error.to_string()))?;
    let input = |(index, input): (usize, &atrous_compiler::net::Input)| {
        Random::new(2, index as u64).tensor(input.shape.iter().product(), 1.0)
    };
    let inputs: Vec<Vec<f32>> = net.inputs.iter().enumerate().map(input).collect();
    Bench::new(&plan, &weights::random(net, &net.parameters(), 1), &inputs)
}

/// The shortest times of the stages, and of the multiply-adds of the peak loop, visited in turns.
struct Times {
    stages: Vec<Duration>,
    peak: Duration,
}

fn rounds(bench: &Bench, peak: &Bench, rounds: u32) -> Result<Times, Failure> {
    let (mut stages, mut loops) = (bench.unmeasured(), peak.unmeasured());
    for _ in 0..rounds {
        bench.visit(&mut stages)?;
        peak.visit(&mut loops)?;
    }
    Ok(Times { stages, peak: loops.iter().sum() })
}

/// One line per stage that multiplies, and one for all.
fn tell(net: &Net, target: &Target, bench: &Bench, times: &Times, report: &Report) {
    let peak = 2.0 * peak::multiply_adds(target) as f64 / times.peak.as_secs_f64() / 1e9;
    let line = |name: &str, macs: u128, time: Duration| {
        let rate = 2.0 * macs as f64 / time.as_secs_f64() / 1e9;
        let human = format!(
            "  {name:24} {:10.3} M {:10.4} ms {rate:8.1} GF/s {:5.1} %",
            macs as f64 / 1e6,
            time.as_secs_f64() * 1e3,
            100.0 * rate / peak,
        );
        let json = json!({
            "type": "bench", "net": net.name, "stage": name, "target": target.name, "threads": 1,
            "layout": if net.layout == Layout::Nhwc { "nhwc" } else { "nchw" },
            "macs": macs as u64, "ms": time.as_secs_f64() * 1e3, "gflops": rate, "peak_gflops": peak,
            "compile_ms": bench.compiling.as_secs_f64() * 1e3,
        });
        report.status(&human, json);
    };
    if report.is_human() {
        let compiling = bench.compiling.as_secs_f64() * 1e3;
        let text = format!(
            "{}: {} on 1 thread, compiled in {compiling:.1} ms; useful multiply-adds, shortest time, % of {peak:.1} GF/s",
            net.name, target.name
        );
        report.status(&text, json!(null));
    }
    let macs = |name: &str| {
        let layer = net.layers().find(|layer| layer.name == name);
        layer.map_or(0, |layer| ir::macs::of_layers(&lower::lower(&Net::of_layer(layer.clone()))).useful)
    };
    let stages = &bench.kernel.plan().run;
    for (stage, &time) in stages.iter().zip(&times.stages).filter(|_| stages.len() > 1) {
        line(&stage.name, macs(&stage.name), time);
    }
    line(&net.name, ir::macs::of_layers(&lower::lower(net)).useful, times.stages.iter().sum());
}
