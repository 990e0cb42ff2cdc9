//! `tune`: the fastest schedules of a spec, found by timing them.

use std::path::Path;

use atrous::jit::tuning::{CacheError, Effort, Finding, Tuning};
use atrous_compiler::{Net, Target, compile};
use atrous_jit::Pool;
use serde_json::json;

use crate::args::TuneArgs;
use crate::build;
use crate::failure::{Failure, Level, Message, count};
use crate::model;
use crate::output;
use crate::progress::Progress;
use crate::report::Report;
use crate::run::backend;
use crate::slow;
use crate::source::Source;
use crate::target;
use crate::tuned;

/// Tunes every net of a spec, or the one that is named, and keeps the winners of each as soon as they are known.
pub fn run(args: &TuneArgs, report: &mut Report) -> Result<(), Failure> {
    let source = Source::read(&args.spec.file)?;
    let sizes = model::sizes(&args.spec.sizes)?;
    let front = model::check(&source, args.spec.net.as_deref(), &sizes, report)?;
    crate::deny(&args.spec.deny, report)?;
    let target = target::to_run(args.spec.target)?;
    let nets = build::nets(&args.spec, &front)?;
    let cache = tuned::cache(args.cache.as_deref(), "--cache FILE")?;
    output::check_read(&cache, &[("the spec", &args.spec.file)])?;
    nets.iter().try_for_each(|net| check_memory(net, args, backend::bytes_at_least(net)))?;
    for net in &nets {
        let plan = compile(net, &target).map_err(|error| Failure::error(error.to_string()))?;
        slow::tell(&plan, &args.spec.deny, report)?;
    }
    // Whether the file can be written shows before anything is timed.
    save(&Tuning::default(), &cache, report)?;
    let pool = backend::pool(Some(args.threads))?;
    for net in nets {
        let mut tuning = Tuning::default();
        let findings = tune(&mut tuning, &net, &target, &pool, args, report)?;
        save(&tuning, &cache, report)?;
        tell(&net, &findings, &target, args, &cache, report);
    }
    Ok(())
}

fn tune(
    tuning: &mut Tuning,
    net: &Net,
    target: &Target,
    pool: &Pool,
    args: &TuneArgs,
    report: &Report,
) -> Result<Vec<Finding>, Failure> {
    let plan = compile(net, target).map_err(|error| Failure::error(error.to_string()))?;
    check_memory(net, args, plan.bytes())?;
    let effort = Effort { candidates: args.candidates.into(), rounds: args.rounds as usize };
    let progress = Progress::start(effort.steps(), report.is_human());
    let observe = &mut |done: usize, next: &str| progress.at(done, next);
    tuning.tune(net, target, pool, &effort, observe).map_err(|error| Failure::error(error.to_string()))
}

/// Refuses kernels, of which each takes so many bytes, that are over the limit together.
fn check_memory(net: &Net, args: &TuneArgs, bytes: u64) -> Result<(), Failure> {
    let name = format!("the tensors of {} kernels of `{}`", args.candidates, net.name);
    args.memory.limit().check(&name, bytes.saturating_mul(args.candidates.into()))
}

/// Adds to the cache, and tells of a file that was something else.
fn save(tuning: &Tuning, cache: &Path, report: &mut Report) -> Result<(), Failure> {
    let file = |error: &CacheError| error.path.display().to_string();
    let old = tuning.save(cache).map_err(|error| {
        Failure::error(error.problem.to_string()).file(file(&error)).help("name another file with --cache FILE")
    })?;
    if let Some(error) = old {
        let help = format!("a new one takes its place; it is now {}", Tuning::aside(&error.path).display());
        report.message(&Message::new(Level::Warning, error.problem.to_string()).file(file(&error)).help(help));
    }
    Ok(())
}

/// One line per layer, and one for all.
fn tell(net: &Net, findings: &[Finding], target: &Target, args: &TuneArgs, cache: &Path, report: &Report) {
    let threads = args.threads;
    let mut heading = format!(
        "{}: {} on {}; up to {} schedules of each layer in {}; time of the fastest against the default\n",
        net.name,
        target.name,
        count(threads.into(), "thread"),
        args.candidates,
        count(args.rounds as usize, "round"),
    );
    for finding in findings {
        let Finding { layers, candidates, default, winner, rank, ratio } = finding;
        let other = if *rank == 0 { String::new() } else { format!(": {default}") };
        let human = format!("{heading}  {:24} {ratio:5.3}  {winner} (default{other})", layers.join(", "));
        heading.clear();
        let json = json!({
            "type": "tune", "net": net.name, "layers": layers, "target": target.name, "threads": threads,
            "layout": format!("{:?}", net.layout).to_lowercase(), "candidates": candidates, "rank": rank, "ratio": ratio,
            "default": default, "winner": winner,
        });
        report.status(&human, json);
    }
    let faster = findings.iter().filter(|finding| finding.rank > 0).count();
    let (kinds, file) = (count(findings.len(), "layer"), cache.display().to_string());
    let human = format!("{heading}{}: {faster} of {kinds} faster with another schedule, kept in {file}", net.name);
    let json = json!({ "type": "tuned", "net": net.name, "timed": findings.len(), "faster": faster, "file": file });
    report.status(&human, json);
}
