//! Every spec, and every test of ONNX, as compiled Rust; the build script writes the code, of which rustc must not
//! warn.
#![allow(missing_docs)]
#![deny(unused)]

use crate::data::Data;
use crate::{executors, facade, threads};
use atrous::Threads;
use atrous_compiler::layer::Layout;
use atrous_compiler::net::Net;
use atrous_jit::guard::{Guarded, Side};
use std::collections::BTreeMap;

/// Parameters by name.
pub type Tensors = BTreeMap<String, Guarded>;

/// Packs parameters and runs on threads: inputs and outputs are in the net's order.
pub type Run = fn(&dyn Threads, &Tensors, &[Guarded], &mut [Guarded]) -> Result<(), facade::Error>;

include!(concat!(env!("OUT_DIR"), "/compiled.rs"));

/// Runs the compiled Rust of a spec, or of a test of ONNX, in the net's memory order, by [`run_all_ways`].
pub fn run(name: &str, net: &Net, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let found = COMPILED.iter().find(|(of, layout, _)| (*of, *layout) == (name, net.layout));
    let (_, _, run) = found.ok_or("no compiled Rust")?;
    run_all_ways(*run, net, data)
}

/// Runs compiled Rust on one thread and on several, with all memory guarded at either side: parameters, packed parameters,
/// inputs, scratch and outputs. What is in outputs at first is NaN, so that an element that is not written shows.
pub fn run_all_ways(run: Run, net: &Net, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let run = |(threads, side)| {
        let name = executors::name("compiled Rust", threads, Some(side));
        (name, run_guarded(run, net, data, threads, side))
    };
    let runs = Side::BOTH.iter().flat_map(|side| threads::all().map(|threads| (threads, *side)));
    executors::same(runs.map(run))
}

fn run_guarded(run: Run, net: &Net, data: &Data, threads: &dyn Threads, side: Side) -> Result<Vec<Vec<f32>>, String> {
    let guarded = |tensor: &Vec<f32>| Guarded::new(tensor, side);
    let names = net.parameters().into_iter().map(|parameter| parameter.name);
    let tensors: Tensors = names.zip(data.parameters.iter().map(guarded)).collect();
    let inputs: Vec<Guarded> = data.inputs.iter().map(guarded).collect();
    let length = |output| net.value_shape(output).into_iter().product::<usize>();
    let outputs = net.outputs.iter().map(|&output| guarded(&vec![f32::NAN; length(output)]));
    let mut outputs: Vec<Guarded> = outputs.collect();
    facade::guarded(side, || run(threads, &tensors, &inputs, &mut outputs)).map_err(|error| error.to_string())?;
    Ok(outputs.iter().map(|output| output.to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of all systems have a multiple of this many bytes.
    fn is_start_of_page(address: *const f32) -> bool {
        address.addr().is_multiple_of(4096)
    }

    #[test]
    fn arenas_of_models_are_guarded() {
        for len in [1, 5, 1023] {
            let [start, end] = Side::BOTH.map(|side| facade::guarded(side, || facade::rt::arena(len)));
            assert!(is_start_of_page(start.as_ptr_range().start) && is_start_of_page(end.as_ptr_range().end));
            assert_eq!([&start[..], &end[..]], [&vec![0.0; len][..]; 2]);
        }
    }
}
