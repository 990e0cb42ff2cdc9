//! From a spec to a kernel, and what is in it.

use std::ffi::{CString, c_char};
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use atrous::jit::compiler::Target;
use atrous::jit::compiler::layer::Layout;
use atrous::jit::compiler::plan::{Buffer, Role};
use atrous::jit::tuning::Tuning;
use atrous::jit::{self, Kernel, Model};
use atrous::{Pool, Threads};

use crate::foreign;
use crate::status::{AtrousStatus, Failure, guard};

/// An order of all tensors in memory: one of `ATROUS_LAYOUT_…`.
pub type AtrousLayout = u32;

/// The order that the spec says.
pub const ATROUS_LAYOUT_SPEC: AtrousLayout = 0;
/// Channels first: `[N, C, …]`.
pub const ATROUS_LAYOUT_NCHW: AtrousLayout = 1;
/// Channels last: `[N, …, C]`.
pub const ATROUS_LAYOUT_NHWC: AtrousLayout = 2;

/// A kind of tensor: one of `ATROUS_TENSOR_…`.
pub type AtrousTensorKind = u32;

/// What a run reads.
pub const ATROUS_TENSOR_INPUT: AtrousTensorKind = 0;
/// What a run writes.
pub const ATROUS_TENSOR_OUTPUT: AtrousTensorKind = 1;
/// Weights and biases, which are packed once.
pub const ATROUS_TENSOR_PARAMETER: AtrousTensorKind = 2;

/// The largest value of `AtrousOptions.threads`.
pub const ATROUS_MOST_THREADS: usize = 1024;

/// A compiled layer or net. Several threads may use one at once.
pub struct AtrousKernel {
    pub(crate) kernel: Kernel,
    name: CString,
    target: CString,
    layout: AtrousLayout,
    pub(crate) pool: Arc<Pool>,
    inputs: Vec<Tensor>,
    outputs: Vec<Tensor>,
    parameters: Vec<Tensor>,
    tuned_layers: usize,
    warning: CString,
}

/// An owned `AtrousTensor`.
struct Tensor {
    name: CString,
    shape: Vec<usize>,
    len: usize,
}

/// A number for a size that the spec leaves free: `H` in `input: [1, 3, H, W]`.
#[repr(C)]
pub struct AtrousSize {
    /// Its name in the spec.
    pub name: *const c_char,
    /// 1 or more.
    pub size: usize,
}

/// What is not in the spec. All zero is the default.
#[repr(C)]
pub struct AtrousOptions {
    /// Numbers for all sizes that the spec leaves free.
    pub sizes: *const AtrousSize,
    /// How many they are.
    pub size_count: usize,
    /// The order of all tensors in memory.
    pub layout: AtrousLayout,
    /// What to compile for: "portable", "avx2", "avx512", or "avx512-dual", which is for processors that start two
    /// multiply-adds of 512 bits in a cycle. Null is what the environment variable `ATROUS_TARGET` names, else what suits
    /// this machine best. Results of two targets may differ in the last bits.
    pub target: *const c_char,
    /// How many threads a run may use, the calling one among them: 1 to `ATROUS_MOST_THREADS`; 0 is 1. The others start
    /// with the kernel, sleep between runs, and end when it and all that it packed are freed. Runs at the same time share
    /// them. Outputs are the same for any number of threads: on x86-64 all of them compute in the default floating-point
    /// environment, whatever the caller's; on other machines the caller has to have the default one.
    pub threads: usize,
    /// The file of a tuning cache, which `atrous tune` writes: layers in it are computed as was found to be the fastest for
    /// this target, this number of threads and this processor. Empty is the file that `ATROUS_TUNING` names, else the one
    /// in the user's directory for caches; null is none. A file that cannot be used is as good as none, and
    /// `AtrousInfo.warning` says why. Outputs are the same with and without it.
    pub tuning: *const c_char,
    /// The most bytes that `AtrousInfo.memory` may be; it is an error when it is more. Nothing of it is allocated then. 0 is
    /// no limit.
    pub memory_limit: u64,
    /// Not 0 makes it an error when a layer takes the slow path: when it is expected to take many times the time that its
    /// work needs. `atrous_last_error` names the layer, the reason, and what helps.
    pub deny_slow: u32,
}

impl Default for AtrousOptions {
    fn default() -> AtrousOptions {
        AtrousOptions {
            sizes: ptr::null(),
            size_count: 0,
            layout: ATROUS_LAYOUT_SPEC,
            target: ptr::null(),
            threads: 0,
            tuning: ptr::null(),
            memory_limit: 0,
            deny_slow: 0,
        }
    }
}

/// What a kernel is. Strings are valid until the kernel is freed.
#[repr(C)]
pub struct AtrousInfo {
    /// The name of the layer or net.
    pub name: *const c_char,
    /// The name of the target that it was compiled for.
    pub target: *const c_char,
    /// The order of inputs and outputs in memory: `ATROUS_LAYOUT_NCHW` or `ATROUS_LAYOUT_NHWC`.
    pub layout: AtrousLayout,
    /// How many threads a run may use.
    pub threads: usize,
    /// How many inputs there are.
    pub input_count: usize,
    /// How many outputs there are.
    pub output_count: usize,
    /// How many weights and biases there are.
    pub parameter_count: usize,
    /// Floats of memory that packed parameters take.
    pub packed_len: usize,
    /// Floats of scratch memory that a run needs; may be 0.
    pub scratch_len: usize,
    /// How many layers are computed as a tuning cache says.
    pub tuned_count: usize,
    /// What is the matter with the tuning cache; empty when nothing is.
    pub warning: *const c_char,
    /// Bytes of memory that a run takes: inputs, outputs, parameters, their packed form, and scratch memory.
    pub memory: u64,
}

/// What a tensor is. Name and shape are valid until the kernel is freed.
#[repr(C)]
pub struct AtrousTensor {
    /// Its name in the spec: `input` or `output` of a layer, `conv1.weight`.
    pub name: *const c_char,
    /// The dimensions in the order of memory, outermost first; weights as PyTorch stores them.
    pub shape: *const usize,
    /// How many dimensions there are.
    pub rank: usize,
    /// How many floats there are: the product of the dimensions.
    pub len: usize,
}

/// Compiles the one layer or net of a spec.
///
/// `options` may be null, which means the defaults. `*kernel` is the result, which `atrous_kernel_free` frees, or null
/// after an error.
///
/// # Safety
///
/// * `spec` and the strings of `options` end with a zero, and `options.sizes` has `options.size_count` elements.
/// * `kernel` is valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_compile(
    spec: *const c_char,
    options: *const AtrousOptions,
    kernel: *mut *mut AtrousKernel,
) -> AtrousStatus {
    guard(|| {
        foreign::check(kernel, 1, "`kernel`")?;
        // SAFETY: `kernel` is valid for writing by this function's contract.
        unsafe { kernel.write(ptr::null_mut()) };
        // SAFETY: this function's contract.
        let (spec, options) = unsafe { (foreign::text(spec, "`spec`")?, read_options(options)?) };
        let compiled = Box::new(compile(spec, &options)?);
        // SAFETY: `kernel` is valid for writing by this function's contract.
        unsafe { kernel.write(Box::into_raw(compiled)) };
        Ok(())
    })
}

/// Frees a kernel; null is nothing. Packed parameters stay usable.
///
/// # Safety
///
/// * `kernel` comes from `atrous_compile`, and nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_kernel_free(kernel: *mut AtrousKernel) {
    guard(|| {
        // SAFETY: this function's contract, and `atrous_compile` gives boxes.
        unsafe { foreign::free(kernel) };
        Ok(())
    });
}

/// Says what a kernel is, in `*info`.
///
/// # Safety
///
/// * `kernel` comes from `atrous_compile` and has not been freed.
/// * `info` is valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_info(kernel: *const AtrousKernel, info: *mut AtrousInfo) -> AtrousStatus {
    guard(|| {
        // SAFETY: this function's contract.
        let kernel = unsafe { foreign::value(kernel, "`kernel`")? };
        foreign::check(info, 1, "`info`")?;
        let told = AtrousInfo {
            name: kernel.name.as_ptr(),
            target: kernel.target.as_ptr(),
            layout: kernel.layout,
            threads: kernel.pool.count(),
            input_count: kernel.inputs.len(),
            output_count: kernel.outputs.len(),
            parameter_count: kernel.parameters.len(),
            packed_len: kernel.kernel.packed_len(),
            scratch_len: kernel.kernel.scratch_len(),
            tuned_count: kernel.tuned_layers,
            warning: kernel.warning.as_ptr(),
            memory: kernel.kernel.plan().bytes(),
        };
        // SAFETY: `info` is valid for writing by this function's contract.
        unsafe { info.write(told) };
        Ok(())
    })
}

/// Says what an input, output or parameter of a kernel is, in `*tensor`.
///
/// Tensors of a kind are numbered from 0 in the order of the spec; parameters are for each layer its weight, then its
/// bias if it has one.
///
/// # Safety
///
/// * `kernel` comes from `atrous_compile` and has not been freed.
/// * `tensor` is valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_tensor(
    kernel: *const AtrousKernel,
    kind: AtrousTensorKind,
    index: usize,
    tensor: *mut AtrousTensor,
) -> AtrousStatus {
    guard(|| {
        // SAFETY: this function's contract.
        let kernel = unsafe { foreign::value(kernel, "`kernel`")? };
        foreign::check(tensor, 1, "`tensor`")?;
        let (tensors, what) = match kind {
            ATROUS_TENSOR_INPUT => (&kernel.inputs, "input"),
            ATROUS_TENSOR_OUTPUT => (&kernel.outputs, "output"),
            ATROUS_TENSOR_PARAMETER => (&kernel.parameters, "parameter"),
            _ => {
                let message = format!("`kind` is {kind}; inputs are 0, outputs 1, parameters 2");
                return Err(Failure::new(AtrousStatus::Option, message));
            }
        };
        let Some(found) = tensors.get(index) else {
            let there = match tensors.len() {
                1 => format!("there is 1 {what}"),
                number => format!("there are {number} {what}s"),
            };
            let message = format!("`index` is {index}, but {there}, numbered from 0");
            return Err(Failure::new(AtrousStatus::Index, message));
        };
        let Tensor { name, shape, len } = found;
        let told = AtrousTensor { name: name.as_ptr(), shape: shape.as_ptr(), rank: shape.len(), len: *len };
        // SAFETY: `tensor` is valid for writing by this function's contract.
        unsafe { tensor.write(told) };
        Ok(())
    })
}

/// Checked `AtrousOptions`.
struct Options<'a> {
    sizes: Vec<(&'a str, usize)>,
    layout: Option<Layout>,
    target: Option<Target>,
    threads: usize,
    tuning: Option<&'a str>,
    memory_limit: u64,
    denies_slow: bool,
}

/// # Safety
///
/// * Options that are not null are `AtrousOptions` whose strings end with a zero and whose sizes are as many as they say,
///   and nobody writes any of it during `'a`.
unsafe fn read_options<'a>(options: *const AtrousOptions) -> Result<Options<'a>, Failure> {
    let default = AtrousOptions::default();
    let options = match options.is_null() {
        true => &default,
        // SAFETY: this function's contract.
        false => unsafe { foreign::value(options, "`options`")? },
    };
    // SAFETY: this function's contract.
    let sizes = unsafe { foreign::array(options.sizes, options.size_count, "`options.sizes`")? };
    let mut named = Vec::new();
    for (index, size) in sizes.iter().enumerate() {
        // SAFETY: this function's contract.
        let name = unsafe { foreign::text(size.name, format_args!("the name of size {index}"))? };
        if named.iter().any(|&(other, _)| other == name) {
            return Err(Failure::new(AtrousStatus::Option, format!("two sizes have the name `{name}`")));
        }
        named.push((name, size.size));
    }
    let target = match options.target.is_null() {
        true => None,
        // SAFETY: this function's contract.
        false => Some(named_target(unsafe { foreign::text(options.target, "`options.target`")? })?),
    };
    let tuning = match options.tuning.is_null() {
        true => None,
        // SAFETY: this function's contract.
        false => Some(unsafe { foreign::text(options.tuning, "`options.tuning`")? }),
    };
    let (layout, threads) = (layout(options.layout)?, threads(options.threads)?);
    let memory_limit = if options.memory_limit == 0 { u64::MAX } else { options.memory_limit };
    let denies_slow = options.deny_slow != 0;
    Ok(Options { sizes: named, layout, target, threads, tuning, memory_limit, denies_slow })
}

fn named_target(name: &str) -> Result<Target, Failure> {
    Target::all().into_iter().find(|target| target.name == name).ok_or_else(|| {
        let names = Target::all().map(|target| target.name).join("`, `");
        Failure::new(AtrousStatus::Target, format!("there is no target `{name}`; there are `{names}`"))
    })
}

fn layout(layout: AtrousLayout) -> Result<Option<Layout>, Failure> {
    match layout {
        ATROUS_LAYOUT_SPEC => Ok(None),
        ATROUS_LAYOUT_NCHW => Ok(Some(Layout::Nchw)),
        ATROUS_LAYOUT_NHWC => Ok(Some(Layout::Nhwc)),
        _ => {
            let message = format!("`options.layout` is {layout}; the spec's is 0, NCHW 1, NHWC 2");
            Err(Failure::new(AtrousStatus::Option, message))
        }
    }
}

fn threads(threads: usize) -> Result<usize, Failure> {
    if threads > ATROUS_MOST_THREADS {
        let message = format!("`options.threads` is {threads}; 0 to {ATROUS_MOST_THREADS} are possible");
        return Err(Failure::new(AtrousStatus::Option, message));
    }
    Ok(threads.max(1))
}

fn compile(spec: &str, options: &Options<'_>) -> Result<AtrousKernel, Failure> {
    let mut net = jit::net(spec, &options.sizes)?;
    if let Some(layout) = options.layout {
        net = net.with_layout(layout);
    }
    let target = match &options.target {
        Some(target) => target.clone(),
        None => jit::target().map_err(jit::Error::Target)?,
    };
    let (tuning, warning) = options.tuning.map(tuning).unwrap_or_default();
    let model = jit::compile_tuned(net, &target, options.threads, &tuning)?;
    let model = model.within(options.memory_limit).map_err(|error| {
        let Failure { status, message } = Failure::from(error);
        Failure::new(status, message + "; raise `options.memory_limit`, or set it to 0 for none")
    })?;
    if options.denies_slow {
        deny_slow(&model)?;
    }
    describe(&model, options.threads, &warning)
}

/// Refuses a model that takes the slow path somewhere.
fn deny_slow(model: &Model) -> Result<(), Failure> {
    match model.kernel().plan().slow_stages().next() {
        None => Ok(()),
        Some((stage, slow)) => {
            let (name, help) = (&stage.name, slow.help());
            Err(Failure::new(AtrousStatus::Slow, format!("`{name}` takes the slow path: {slow}; {help}")))
        }
    }
}

/// What a cache holds, and what is the matter with it.
fn tuning(path: &str) -> (Tuning, String) {
    let path = if path.is_empty() { Tuning::default_path() } else { Some(Path::new(path).to_path_buf()) };
    let loaded = path.ok_or_else(|| "this system names no directory for the user's caches".to_string());
    match loaded.and_then(|path| Tuning::load(&path).map_err(|error| error.to_string())) {
        Ok(tuning) => (tuning, String::new()),
        Err(warning) => (Tuning::default(), warning),
    }
}

fn start(threads: usize) -> Result<Arc<Pool>, Failure> {
    let failure =
        |error| Failure::new(AtrousStatus::Memory, format!("the system does not start {threads} threads: {error}"));
    Pool::new(threads).map(Arc::new).map_err(failure)
}

fn describe(model: &Model, threads: usize, warning: &str) -> Result<AtrousKernel, Failure> {
    let (net, kernel) = (model.net(), model.kernel().clone());
    let plan = kernel.plan();
    let tensors = |role| plan.with_role(role).map(tensor).collect::<Result<Vec<Tensor>, Failure>>();
    Ok(AtrousKernel {
        name: c_string(&net.name)?,
        target: c_string(plan.target.name)?,
        layout: match net.layout {
            Layout::Nchw => ATROUS_LAYOUT_NCHW,
            Layout::Nhwc => ATROUS_LAYOUT_NHWC,
        },
        pool: start(threads)?,
        inputs: tensors(Role::Input)?,
        outputs: tensors(Role::Output)?,
        parameters: tensors(Role::Parameter)?,
        tuned_layers: model.tuned_layers(),
        warning: c_string(warning)?,
        kernel,
    })
}

fn tensor(buffer: &Buffer) -> Result<Tensor, Failure> {
    Ok(Tensor { name: c_string(&buffer.name)?, shape: buffer.shape.clone(), len: buffer.len() })
}

fn c_string(text: &str) -> Result<CString, Failure> {
    CString::new(text).map_err(|error| Failure::new(AtrousStatus::Internal, format!("`{text}`: {error}")))
}
