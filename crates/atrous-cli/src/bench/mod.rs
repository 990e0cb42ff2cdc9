//! `bench`: how fast the machine code of a spec is, against what the machine can do.

mod peak;

use std::time::{Duration, Instant};

use atrous_compiler::net::Input;
use atrous_compiler::plan::Role;
use atrous_compiler::{Checked, Net, Plan, Target, compile, ir, lower};
use atrous_jit::{Kernel, Packed, Scratch, Serial, Threads};
use serde_json::json;

use crate::args::BenchArgs;
use crate::build;
use crate::failure::Failure;
use crate::model;
use crate::random::Random;
use crate::report::Report;
use crate::run::{backend, milliseconds, weights};
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
    let pool = backend::pool(Some(args.threads))?;
    let mut peak = Subject::new(&peak::plan(&target)?, &[], vec![vec![0.5; peak::INPUTS]])?;
    for net in build::nets(&args.spec, &front)? {
        let mut subject = of_net(&net, &target, args)?;
        for _ in 0..args.rounds {
            subject.visit(&pool)?;
            peak.visit(&Serial)?;
        }
        let rate = rate(peak::multiply_adds(&target).into(), peak.best.iter().sum());
        tell(&net, &subject, args.threads, rate, report);
    }
    Ok(())
}

/// A kernel with all that it needs to run.
struct Subject {
    kernel: Kernel,
    packed: Packed,
    scratch: Scratch,
    inputs: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
    compiling: Duration,
    /// The shortest time of each stage.
    best: Vec<Duration>,
}

fn of_net(net: &Net, target: &Target, args: &BenchArgs) -> Result<Subject, Failure> {
    let name = format!("the tensors of `{}`", net.name);
    args.memory_limit.check(&name, backend::bytes_at_least(net))?;
    let plan = compile(net, target).map_err(failed)?;
    args.memory_limit.check(&name, backend::bytes_of_plan(&plan))?;
    let input =
        |(index, input): (usize, &Input)| Random::new(2, index as u64).tensor(input.shape.iter().product(), 1.0);
    let inputs = net.inputs.iter().enumerate().map(input).collect();
    Subject::new(&plan, &weights::random(net, &net.parameters(), 1), inputs)
}

impl Subject {
    fn new(plan: &Checked<Plan>, parameters: &[Vec<f32>], inputs: Vec<Vec<f32>>) -> Result<Subject, Failure> {
        let start = Instant::now();
        let kernel = Kernel::compile(plan).map_err(failed)?;
        let compiling = start.elapsed();
        let parameters: Vec<&[f32]> = parameters.iter().map(Vec::as_slice).collect();
        let packed = kernel.pack(&parameters).map_err(failed)?;
        let outputs = plan.with_role(Role::Output).map(|buffer| vec![0.0; buffer.len()]).collect();
        let scratch = kernel.scratch().map_err(failed)?;
        Ok(Subject { kernel, packed, scratch, inputs, outputs, compiling, best: vec![Duration::MAX; plan.run.len()] })
    }

    /// One call: how long each stage took.
    fn call(&mut self, threads: &dyn Threads) -> Result<Vec<Duration>, Failure> {
        let inputs: Vec<&[f32]> = self.inputs.iter().map(Vec::as_slice).collect();
        let mut outputs: Vec<&mut [f32]> = self.outputs.iter_mut().map(Vec::as_mut_slice).collect();
        let mut starts = Vec::new();
        let observe = &mut |_: usize, _: &str| starts.push(Instant::now());
        let Subject { kernel, packed, scratch, .. } = self;
        kernel.run_observed(threads, packed, scratch, &inputs, &mut outputs, observe).map_err(failed)?;
        starts.push(Instant::now());
        Ok(starts.windows(2).map(|pair| pair[1] - pair[0]).collect())
    }

    /// Improves the shortest times by those of one visit.
    fn visit(&mut self, threads: &dyn Threads) -> Result<(), Failure> {
        self.call(threads)?;
        let start = Instant::now();
        while start.elapsed() < VISIT {
            let times = self.call(threads)?;
            self.best.iter_mut().zip(times).for_each(|(best, time)| *best = time.min(*best));
        }
        Ok(())
    }
}

fn failed(error: impl std::error::Error) -> Failure {
    Failure::error(error.to_string())
}

/// Billions of additions and multiplications per second.
fn rate(multiply_adds: u128, time: Duration) -> f64 {
    2.0 * multiply_adds as f64 / time.as_secs_f64() / 1e9
}

/// The useful multiply-adds of a layer; of the other stages of a net none are counted.
fn multiply_adds(net: &Net, stage: &str) -> u128 {
    let layer = net.layers().find(|layer| layer.name == stage);
    layer.map_or(0, |layer| ir::macs::of_layers(&lower::lower(&Net::of_layer(layer.clone()))).useful)
}

/// `peak` is that of one thread. One line per stage where there are several, and one for all.
fn tell(net: &Net, subject: &Subject, threads: u16, peak: f64, report: &Report) {
    let plan = subject.kernel.plan();
    let stages = plan.run.iter().zip(&subject.best).filter(|_| plan.run.len() > 1);
    let stages = stages.map(|(stage, &time)| (&stage.name, multiply_adds(net, &stage.name), time));
    let all = (&net.name, ir::macs::of_layers(&lower::lower(net)).useful, subject.best.iter().sum());
    let compile_ms = milliseconds(subject.compiling);
    let (threads_word, times) =
        if threads == 1 { ("thread", String::new()) } else { ("threads", format!("{threads} × ")) };
    let mut heading = format!(
        "{}: {} on {threads} {threads_word}, compiled in {compile_ms:.1} ms; useful multiply-adds, shortest time, % of {times}{peak:.1} GF/s\n",
        net.name, plan.target.name
    );
    for (name, macs, time) in stages.chain([all]) {
        let (ms, gflops) = (milliseconds(time), rate(macs, time));
        let (millions, percent) = (macs as f64 / 1e6, 100.0 * gflops / (f64::from(threads) * peak));
        let human = format!("{heading}  {name:24} {millions:10.3} M {ms:10.4} ms {gflops:8.1} GF/s {percent:5.1} %");
        heading.clear();
        let json = json!({
            "type": "bench", "net": net.name, "stage": name, "target": plan.target.name, "threads": threads,
            "layout": format!("{:?}", net.layout).to_lowercase(), "macs": macs as u64, "ms": ms, "gflops": gflops, "peak_gflops": peak,
            "compile_ms": compile_ms,
        });
        report.status(&human, json);
    }
}
