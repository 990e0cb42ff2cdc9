//! `run`: the outputs of a spec from weights and inputs.

mod assign;
pub mod backend;
mod destination;
mod inputs;
pub mod weights;

use std::time::Duration;

use atrous_compiler::Net;
use serde_json::json;

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::model;
use crate::progress::Progress;
use crate::report::Report;
use crate::source::Source;
use crate::tensors::Tensor;
use crate::tuned::Tuned;
use backend::{Prepared, Times};
use destination::Destinations;
use inputs::Given;

/// Runs a net once.
pub fn run(args: &RunArgs, report: &mut Report) -> Result<(), Failure> {
    let (net, given) = net(args, report)?;
    weights::check_given(args, &net)?;
    let destinations = destination::of_outputs(args, &net)?;
    let name = format!("the tensors of `{}`", net.name);
    args.memory.limit().check(&name, backend::bytes_at_least(&net))?;
    let inputs = inputs::tensors(given, &net)?;
    let parameters = weights::read(args, &net, report)?;
    let tuned = Tuned::load(&args.tuned, backend::count(args.threads), &args.spec.deny, report)?;
    crate::deny(&args.spec.deny, report)?;

    let prepared = backend::prepare(&net, args.backend, args.spec.target, &tuned, report)?;
    args.memory.limit().check(&name, prepared.bytes(&net))?;
    let (outputs, times) = {
        let progress = Progress::start(prepared.n_stages(), report.is_human());
        prepared.run(&net, args.threads, &parameters, &inputs, &progress)?
    };

    let tensor = |(&id, data)| Tensor { shape: net.layout.in_memory(&net.value_shape(id)), data };
    let outputs: Vec<Tensor> = net.outputs.iter().zip(outputs).map(tensor).collect();
    destination::write(&destinations, &outputs, net.layout)?;
    tell(args, &net, &prepared, &times, &destinations, report);
    Ok(())
}

/// The net that the command line names, with every size known, and what it says about the inputs.
fn net(args: &RunArgs, report: &mut Report) -> Result<(Net, Vec<Given>), Failure> {
    let source = Source::read(&args.spec.file)?;
    let sizes = model::sizes(&args.spec.sizes)?;
    let name = args.spec.net.as_deref();
    let front = model::check(&source, name, &sizes, report)?;
    let model = model::choose(&front.models, name)?;
    let (names, channels): (Vec<&str>, Vec<Option<usize>>) = model::inputs(model).into_iter().unzip();
    let choices = assign::of_args(args, &names)?;
    let given = choices.iter().map(|choice| inputs::read(choice, args.memory.limit(), report));
    let given: Vec<Given> = given.collect::<Result<_, _>>()?;
    let layout = args.spec.layout.map_or(model::layout(model), |layout| layout.layout());
    let shape = |(given, channels): (&Given, Option<usize>)| given.shape(layout, channels);
    let shapes: Vec<_> = given.iter().zip(channels).map(shape).collect();
    let net = model::close(model, &shapes, sizes, layout, &source, report).map_err(|failure| {
        let files: Vec<&str> = given.iter().filter_map(Given::file).collect();
        if files.is_empty() { failure } else { failure.file(files.join(", ")) }
    })?;
    Ok((net.with_layout(layout), given))
}

/// Says what was done, in one line.
fn tell(args: &RunArgs, net: &Net, prepared: &Prepared, times: &Times, to: &Destinations, report: &Report) {
    let inputs: Vec<_> = net.inputs.iter().map(|input| (input.name.as_str(), input.shape.clone())).collect();
    let outputs: Vec<_> = net.outputs.iter().map(|&id| (net.value_name(id), net.value_shape(id))).collect();
    let files: Vec<String> = to.files.iter().map(|file| file.path.display().to_string()).collect();
    let human = format!(
        "{}: {} -> {} in {:.1} ms ({}, prepared in {:.1} ms){}{}",
        net.name,
        shapes(&inputs),
        shapes(&outputs),
        milliseconds(times.running),
        args.backend.name(),
        milliseconds(prepared.time + times.packing),
        if files.is_empty() { "" } else { ", written to " },
        files.join(", "),
    );
    let shape_json = |values: &[(&str, Vec<usize>)]| -> Vec<_> {
        values.iter().map(|(name, shape)| json!({ "name": name, "shape": shape })).collect()
    };
    let json = json!({
        "type": "run",
        "net": net.name,
        "backend": args.backend.name(),
        "inputs": shape_json(&inputs),
        "outputs": shape_json(&outputs),
        "stages": prepared.n_stages(),
        "compile_ms": milliseconds(prepared.time),
        "pack_ms": milliseconds(times.packing),
        "run_ms": milliseconds(times.running),
        "files": files,
    });
    report.status(&human, json);
}

/// `image [1, 3, 160, 160], mask [1, 1, 160, 160]`
fn shapes(values: &[(&str, Vec<usize>)]) -> String {
    values.iter().map(|(name, shape)| format!("{name} {shape:?}")).collect::<Vec<_>>().join(", ")
}

/// A time as a number of milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
