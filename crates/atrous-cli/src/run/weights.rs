//! The parameters of a net.

use atrous_compiler::Net;
use atrous_compiler::net::Parameter;

use super::backend;
use crate::args::{RunArgs, TensorSource};
use crate::failure::Failure;
use crate::random::Random;
use crate::report::Report;
use crate::source::read_file;
use crate::tensors::weights;

/// Streams of a seed from here on are for parameters; those before are for inputs.
const FIRST_STREAM: u64 = 1 << 32;

/// Refuses a command line that gives no weights to a net that needs some.
pub fn check_given(args: &RunArgs, net: &Net) -> Result<(), Failure> {
    if args.weights.is_some() || net.parameters().is_empty() {
        return Ok(());
    }
    let help = "write --weights FILE.safetensors, or --weights random:SEED to try it out";
    Err(Failure::usage(format!("`{}` needs weights", net.name)).help(help))
}

/// The parameters in the order of `Net::parameters`.
pub fn read(args: &RunArgs, net: &Net, report: &mut Report) -> Result<Vec<Vec<f32>>, Failure> {
    let parameters = net.parameters();
    match &args.weights {
        None => Ok(Vec::new()),
        Some(TensorSource::Random(seed)) => Ok(random(net, &parameters, *seed)),
        Some(TensorSource::File(path)) => {
            let name = path.display().to_string();
            let bytes = read_file(path, backend::bytes_read(net), args.memory.limit())?;
            let (tensors, warnings) = weights::parse(&bytes, &parameters).map_err(|failure| failure.file(&name))?;
            warnings.into_iter().for_each(|warning| report.message(&warning.file(&name)));
            Ok(tensors)
        }
    }
}

/// Noise in ±1/√(inputs of an output), which keeps the values of deep nets in range.
pub fn random(net: &Net, parameters: &[Parameter], seed: u64) -> Vec<Vec<f32>> {
    let scale = |parameter: &Parameter| {
        let layer = net.layers().find(|layer| layer.name == parameter.layer);
        let taps = |layer: &atrous_compiler::Layer| layer.axes.iter().map(|axis| axis.kernel as f32).product::<f32>();
        let inputs = layer.map_or(1.0, |layer| taps(layer) * (layer.input_channels / layer.groups) as f32);
        1.0 / inputs.sqrt()
    };
    let tensor = |(index, parameter): (usize, &Parameter)| {
        let len = parameter.shape.iter().product();
        Random::new(seed, FIRST_STREAM + index as u64).tensor(len, scale(parameter))
    };
    parameters.iter().enumerate().map(tensor).collect()
}
