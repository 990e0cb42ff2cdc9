//! Every spec as compiled Rust; the build script writes the code.
#![allow(missing_docs)]

use crate::data::Data;
use crate::{executors, threads};
use atrous::Threads;
use atrous_compiler::layer::Layout;
use atrous_compiler::net::Net;
use std::collections::BTreeMap;

/// Parameters by name.
pub type Tensors = BTreeMap<String, Vec<f32>>;

/// Packs parameters and runs on threads: inputs and outputs are in the net's order.
pub type Run = fn(&dyn Threads, &Tensors, &[&[f32]], &mut [&mut [f32]]) -> Result<(), atrous::Error>;

include!(concat!(env!("OUT_DIR"), "/compiled.rs"));

/// Runs the compiled Rust of a spec in the net's memory order, on one thread and on several. Outputs start as NaN, so that an element that is not
/// written shows.
pub fn run(spec: &str, net: &Net, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let found = COMPILED.iter().find(|(name, layout, _)| (*name, *layout) == (spec, net.layout));
    let (_, _, run) = found.ok_or("no compiled Rust")?;
    let names = net.parameters().into_iter().map(|parameter| parameter.name);
    let tensors: Tensors = names.zip(data.parameters.iter().cloned()).collect();
    let length = |output| net.value_shape(output).into_iter().product::<usize>();
    let run = |threads| {
        let mut outputs: Vec<Vec<f32>> = net.outputs.iter().map(|&output| vec![f32::NAN; length(output)]).collect();
        let mut slices: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        run(threads, &tensors, &data.inputs(), &mut slices).map_err(|error| error.to_string())?;
        Ok(outputs)
    };
    executors::same("compiled Rust", threads::all().into_iter().map(run))
}
