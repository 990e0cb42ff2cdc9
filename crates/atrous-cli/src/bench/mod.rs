//! `bench`: how fast the machine code of a spec is, against what the machine can do.

mod peak;

use std::path::Path;
use std::time::{Duration, Instant};

use atrous::jit::timing;
use atrous_compiler::net::Input;
use atrous_compiler::{Checked, Net, Plan, Target, ir, lower};
use atrous_jit::{Kernel, Serial, Threads};
use serde_json::json;

use crate::args::BenchArgs;
use crate::build;
use crate::failure::Failure;
use crate::model;
use crate::output;
use crate::progress::Progress;
use crate::random::Random;
use crate::report::Report;
use crate::run::{backend, milliseconds, weights};
use crate::source::Source;
use crate::target;
use crate::tuned::Tuned;

/// Times every net of a spec, or the one that is named, on random data.
pub fn run(args: &BenchArgs, report: &mut Report) -> Result<(), Failure> {
    let source = Source::read(&args.spec.file)?;
    let sizes = model::sizes(&args.spec.sizes)?;
    let front = model::check(&source, args.spec.net.as_deref(), &sizes, report)?;
    let tuned = Tuned::load(&args.tuned, args.threads.into(), &args.spec.deny, report)?;
    crate::deny(&args.spec.deny, report)?;
    let target = target::to_run(args.spec.target)?;
    let pool = backend::pool(Some(args.threads))?;
    let mut peak = Subject::new(&peak::plan(&target)?, &[], vec![vec![0.5; peak::INPUTS]])?;
    for net in build::nets(&args.spec, &front)? {
        let mut subject = of_net(&net, &target, args, &tuned, report)?;
        let progress = Progress::start(args.rounds as usize, report.is_human());
        for round in 0..args.rounds {
            progress.at(round as usize, &net.name);
            subject.visit(&pool)?;
            peak.visit(&Serial)?;
        }
        drop(progress);
        let rate = rate(peak::multiply_adds(&target).into(), peak.times.shortest().iter().sum());
        let text = lines(&net, &subject, args.threads, rate, report.is_human());
        output::write(Path::new("-"), text.into_bytes())?;
    }
    Ok(())
}

/// A kernel with what it reads.
struct Subject {
    times: timing::Subject,
    inputs: Vec<Vec<f32>>,
    compiling: Duration,
}

fn of_net(
    net: &Net,
    target: &Target,
    args: &BenchArgs,
    tuned: &Tuned,
    report: &mut Report,
) -> Result<Subject, Failure> {
    let name = format!("the tensors of `{}`", net.name);
    args.memory.limit().check(&name, backend::bytes_at_least(net))?;
    let plan = tuned.plan(net, target, report)?;
    args.memory.limit().check(&name, plan.bytes())?;
    let input =
        |(index, input): (usize, &Input)| Random::new(2, index as u64).tensor(input.shape.iter().product(), 1.0);
    let inputs = net.inputs.iter().enumerate().map(input).collect();
    let _progress = Progress::working("compiling", report.is_human());
    Subject::new(&plan, &weights::random(net, &net.parameters(), 1), inputs)
}

impl Subject {
    fn new(plan: &Checked<Plan>, parameters: &[Vec<f32>], inputs: Vec<Vec<f32>>) -> Result<Subject, Failure> {
        let start = Instant::now();
        let kernel = Kernel::compile(plan).map_err(failed)?;
        let compiling = start.elapsed();
        let times = timing::Subject::new(kernel, &slices(parameters)).map_err(failed)?;
        Ok(Subject { times, inputs, compiling })
    }

    fn visit(&mut self, threads: &dyn Threads) -> Result<(), Failure> {
        self.times.visit(threads, &slices(&self.inputs)).map_err(failed)
    }
}

fn slices(tensors: &[Vec<f32>]) -> Vec<&[f32]> {
    tensors.iter().map(Vec::as_slice).collect()
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

/// `peak` is that of one thread. One line per stage where there are several, and one for all: for people or for programs.
fn lines(net: &Net, subject: &Subject, threads: u16, peak: f64, is_human: bool) -> String {
    let plan = subject.times.kernel().plan();
    let shortest = subject.times.shortest();
    let stages = plan.run.iter().zip(shortest).filter(|_| plan.run.len() > 1);
    let stages = stages.map(|(stage, &time)| (&stage.name, multiply_adds(net, &stage.name), time));
    let all = (&net.name, ir::macs::of_layers(&lower::lower(net)).useful, shortest.iter().sum());
    let compile_ms = milliseconds(subject.compiling);
    let (threads_word, times) =
        if threads == 1 { ("thread", String::new()) } else { ("threads", format!("{threads} × ")) };
    let mut heading = format!(
        "{}: {} on {threads} {threads_word}, compiled in {compile_ms:.1} ms; useful multiply-adds, shortest time, % of {times}{peak:.1} GF/s\n",
        net.name, plan.target.name
    );
    let mut text = String::new();
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
        text += &if is_human { human } else { json.to_string() };
        text.push('\n');
    }
    text
}
