//! Specs compiled while the program runs.
//!
//! ```
//! let spec = "layer blur { input: [1, 1, W], channels: 1, kernel: 3, padding: 1 }";
//! let blur = atrous::jit::compile(spec, &[("W", 4)])?.load(&[("blur.weight", [1.0, 2.0, 1.0])])?;
//! assert_eq!(blur.infer(&[&[0.0, 1.0, 0.0, 0.0]])?, [[1.0, 2.0, 1.0, 0.0]]);
//! # Ok::<(), atrous::jit::Error>(())
//! ```

pub mod timing;
pub mod tuning;

pub use atrous_compiler as compiler;
pub use atrous_jit::{CompileError, Kernel, Packed, RunError, Scratch, supports};

use crate::{Serial, Tensors, Threads};
use atrous_compiler::front::{self, Sizes};
use atrous_compiler::render::render;
use atrous_compiler::{Net, Severity, Target};
use std::fmt;
use tuning::{TunedPlan, Tuning};

/// Compiles the layer or net of a spec for [`target`], with its free sizes bound.
///
/// # Errors
///
/// There is no such target; the spec has errors, leaves sizes free, or is not one layer or net; or there is no machine code for it.
pub fn compile(spec: &str, sizes: &[(&str, usize)]) -> Result<Model, Error> {
    compile_for(spec, sizes, &target().map_err(Error::Target)?)
}

/// The target that both back ends choose: what the environment variable `ATROUS_TARGET` names (`portable`, `avx2`,
/// `avx512` or `avx512-dual`), else the [`host_target`].
///
/// # Errors
///
/// The variable names no target, or one that this machine does not have.
pub fn target() -> Result<Target, crate::Error> {
    crate::rt::instruction_set(&Target::all().map(|target| target.name)).map(|set| named(set.name()))
}

/// The target that this machine does best.
pub fn host_target() -> Target {
    crate::rt::available().last().map_or_else(Target::portable, |best| named(best))
}

fn named(name: &str) -> Target {
    Target::all().into_iter().find(|target| target.name == name).unwrap_or_else(Target::portable)
}

/// Like [`compile`], for a target that need not be the best of this machine. Results of two targets may differ in the last
/// bits: one rounds products before it adds them, another does not.
///
/// # Errors
///
/// Those of [`compile`], or this machine does not run code for the target.
pub fn compile_for(spec: &str, sizes: &[(&str, usize)], target: &Target) -> Result<Model, Error> {
    compile_net(net(spec, sizes)?, target)
}

/// The layer or net of a spec, with its free sizes bound.
///
/// # Errors
///
/// The spec has errors, leaves sizes free, or is not one layer or net.
pub fn net(spec: &str, sizes: &[(&str, usize)]) -> Result<Net, Error> {
    let sizes: Sizes = sizes.iter().map(|&(name, size)| (name.to_string(), size)).collect();
    let front = front::text(spec, &sizes);
    if front.has_errors() {
        let errors = front.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let errors: Vec<String> = errors.map(|error| render("spec", spec.as_bytes(), error)).collect();
        return Err(Error::Spec(errors.join("\n")));
    }
    let mut models = front.models;
    match (models.pop(), models.len()) {
        (Some(front::Model::Net(net)), 0) => Ok(net),
        (Some(front::Model::Open(open)), 0) => Err(Error::Spec(format!(
            "`{}` has sizes that are not bound: {}; each needs a number",
            open.name,
            open.free.join(", ")
        ))),
        (_, others) => Err(Error::Spec(format!("a spec of one layer or net is expected, this one has {}", others + 1))),
    }
}

/// Compiles a net.
///
/// # Errors
///
/// It is too large to plan, there is no machine code for it, or this machine does not run code for the target.
pub fn compile_net(net: Net, target: &Target) -> Result<Model, Error> {
    compile_tuned(net, target, 1, &Tuning::default())
}

/// The same with the schedules that were found to be the fastest with so many threads. Outputs have the same bits.
///
/// # Errors
///
/// Those of [`compile_net`].
pub fn compile_tuned(net: Net, target: &Target, threads: usize, tuning: &Tuning) -> Result<Model, Error> {
    let TunedPlan { plan, tuned, .. } = tuning.plan(&net, target, threads).map_err(Error::Plan)?;
    let kernel = Kernel::compile(&plan).map_err(Error::Compile)?;
    Ok(Model { net, kernel, tuned })
}

/// A compiled layer or net that waits for its parameters.
#[derive(Clone, Debug)]
pub struct Model {
    net: Net,
    kernel: Kernel,
    tuned: usize,
}

impl Model {
    /// What was compiled: names and shapes of inputs, outputs and parameters.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The machine code, which takes parameters and tensors in the order of [`net`](Model::net).
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The bytes of memory that a run takes: inputs, outputs, parameters, their packed form, and scratch memory.
    pub fn bytes(&self) -> u64 {
        self.kernel.plan().bytes()
    }

    /// The model, if a run takes no more [`bytes`](Model::bytes) than a limit. Nothing of them is allocated yet.
    ///
    /// # Errors
    ///
    /// A run takes more.
    pub fn within(self, limit: u64) -> Result<Model, Error> {
        let needed = self.bytes();
        if needed <= limit { Ok(self) } else { Err(Error::Memory { net: self.net.name, needed, limit }) }
    }

    /// How many layers have the schedule that was found to be the fastest.
    pub fn tuned_layers(&self) -> usize {
        self.tuned
    }

    /// Finds the parameters by their names, `<layer>.weight` and `<layer>.bias`, and packs them.
    ///
    /// # Errors
    ///
    /// Parameters are missing, one has the wrong number of elements, or memory is short.
    pub fn load<T: Tensors + ?Sized>(&self, tensors: &T) -> Result<Loaded, Error> {
        let parameters = self.net.parameters();
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let found = crate::parameters::find(&self.net.name, tensors, &names).map_err(Error::Tensors)?;
        let packed = self.kernel.pack(&found).map_err(Error::Run)?;
        Ok(Loaded { kernel: self.kernel.clone(), packed })
    }
}

/// A compiled layer or net with its parameters.
#[derive(Debug)]
pub struct Loaded {
    kernel: Kernel,
    packed: Packed,
}

impl Loaded {
    /// Computes the outputs from the inputs, into new memory, all in the order of the spec.
    ///
    /// # Errors
    ///
    /// The number of inputs or elements is not the spec's, or memory is short.
    pub fn infer(&self, inputs: &[&[f32]]) -> Result<Vec<Vec<f32>>, Error> {
        let plan = self.kernel.plan();
        let outputs = plan.with_role(compiler::plan::Role::Output);
        let mut outputs: Vec<Vec<f32>> = outputs.map(|buffer| vec![0.0; buffer.len()]).collect();
        let mut slices: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        self.forward(inputs, &mut slices)?;
        Ok(outputs)
    }

    /// Computes the outputs from the inputs, into memory of the caller's, all in the order of the spec.
    ///
    /// # Errors
    ///
    /// The number of inputs, outputs or elements is not the spec's, or memory is short; nothing has been written then.
    pub fn forward(&self, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) -> Result<(), Error> {
        self.forward_on(&Serial, inputs, outputs)
    }

    /// The same with several threads. The result is the same for any number of them, which all have the default
    /// floating-point environment: Rust requires it.
    ///
    /// # Errors
    ///
    /// Those of [`forward`](Loaded::forward).
    pub fn forward_on(
        &self,
        threads: &dyn Threads,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
    ) -> Result<(), Error> {
        self.kernel.run_on(threads, &self.packed, inputs, outputs).map_err(Error::Run)
    }

    /// As much scratch memory as a run needs, for [`forward_with`](Loaded::forward_with).
    ///
    /// # Errors
    ///
    /// The system has not that much.
    pub fn scratch(&self) -> Result<Scratch, Error> {
        self.kernel.scratch().map_err(Error::Run)
    }

    /// Like [`forward_on`](Loaded::forward_on), in scratch memory of the caller's, who may use it for one run after the other.
    ///
    /// # Errors
    ///
    /// The number of inputs, outputs or elements is not the spec's, or the scratch memory is too short; nothing has been
    /// written then.
    pub fn forward_with(
        &self,
        threads: &dyn Threads,
        scratch: &mut Scratch,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
    ) -> Result<(), Error> {
        self.kernel.run_with(threads, &self.packed, scratch, inputs, outputs).map_err(Error::Run)
    }
}

/// What can go wrong between a spec and its results.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The spec cannot be compiled: all of its errors, with the lines that they point at.
    Spec(String),
    /// The environment asks for a target that is not there.
    Target(crate::Error),
    /// The layer or net is too large to plan.
    Plan(compiler::Unplanned),
    /// There is no machine code for the spec.
    Compile(CompileError),
    /// A run takes more memory than it may.
    Memory {
        /// The name of the layer or net.
        net: String,
        /// The bytes that it takes.
        needed: u64,
        /// The most that it may take.
        limit: u64,
    },
    /// Parameters are missing.
    Tensors(crate::Error),
    /// Inputs, outputs, parameters or scratch memory do not fit, or memory is short.
    Run(RunError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Spec(errors) => f.write_str(errors),
            Error::Target(error) => error.fmt(f),
            Error::Plan(error) => error.fmt(f),
            Error::Compile(error) => error.fmt(f),
            Error::Memory { net, needed, limit } => {
                write!(f, "the tensors of `{net}` take {needed} bytes, more than the limit of {limit}")
            }
            Error::Tensors(error) => error.fmt(f),
            Error::Run(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
