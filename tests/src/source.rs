//! What build scripts write of a net: its generated Rust, and a function that runs it.

use atrous_compiler::emit::{self, Options};
use atrous_compiler::net::Net;
use atrous_compiler::{Target, compile};
use quote::quote;

/// The generated type, and a function of the type `compiled::Run`, for all targets. The crate that includes it has the
/// modules `facade` and `compiled` of these tests at its root.
pub fn source(net: Net) -> String {
    let net = Net { name: "model".into(), ..net };
    let plans = Target::all().map(|target| compile(&net, &target).unwrap_or_else(|error| panic!("{error}")));
    let options = Options { facade: quote!(crate::facade), ..Options::default() };
    let items = emit::source(&net, &plans, &options).expect("the facade is a path");
    let list = |name: &str, count: usize| (0..count).map(|n| format!("{name}{n}")).collect::<Vec<_>>().join(", ");
    let (inputs, outputs) = (list("input", net.inputs.len()), list("output", net.outputs.len()));
    let model = if net.layers().next().is_some() { "from_tensors(tensors)" } else { "new()" };
    format!(
        "use ::atrous_jit::guard::Guarded;
{items}
pub fn run(threads: &dyn ::atrous::Threads, tensors: &crate::compiled::Tensors, inputs: &[Guarded], outputs: &mut [Guarded]) -> Result<(), ::atrous::Error> {{
    let ([{inputs}], [{outputs}]) = (inputs, outputs) else {{ panic!(\"wrong number of tensors\") }};
    Model::{model}?.forward_on(threads, {inputs}, {outputs})
}}
"
    )
}
