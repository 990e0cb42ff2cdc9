//! The command line.

mod draw;
mod layers;
mod matrix;
mod target;
mod tools;

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::memory::Limit;
pub use draw::{DrawArgs, PictureFormat, ThemeArg, ViewArg};
pub use layers::LayersArgs;
pub use matrix::{ChannelsArg, MatrixArgs};
pub use target::TargetArg;
pub use tools::{CompletionsArgs, FmtArgs, ManArgs};

/// Compiles convolution layers and networks of them.
#[derive(Debug, Parser)]
#[command(name = "atrous", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// How messages are written to standard error: text for people, or one JSON object per line
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = MessageFormat::Human)]
    pub message_format: MessageFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  atrous check fc6.conv                        report every error and warning of a spec
  atrous build fc6.conv --emit rust -o fc6.rs  write the Rust source of a kernel
  atrous draw fc6.conv -o fc6.svg              draw what each output of a layer reads
  atrous run upconv7.conv --weights upconv7.safetensors --image photo.png -o photo_2x.png

`-` as FILE is standard input. Results go to standard output or to -o, messages to standard error.
Exit status: 0 success, 1 errors in the files or while running, 2 a wrong command line.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Report the errors and warnings of specs
    Check(CheckArgs),
    /// Write out one level of the compilation of a spec
    Build(BuildArgs),
    /// Draw what each output of a layer reads
    Draw(DrawArgs),
    /// Show small layers as matrices, beside their transposes
    Matrix(MatrixArgs),
    /// Compute the outputs of a spec from weights and inputs
    Run(RunArgs),
    /// Say what each layer costs and why, or what the code of an error means
    Explain(ExplainArgs),
    /// Time the machine code of a spec against the peak of the machine
    Bench(BenchArgs),
    /// Find the fastest schedules of a spec by timing them, for --tuned
    Tune(TuneArgs),
    /// Put specs into canonical form
    Fmt(FmtArgs),
    /// Write what makes a shell complete this command's words
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
}

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// Text for people.
    Human,
    /// One JSON object per line.
    Json,
}

/// What `--deny` makes fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Any warning, the slow path among them
    Warnings,
    /// Layers that take the slow path, which `atrous explain` names with the reason
    Slow,
}

const CHECK_EXAMPLES: &str = "\
Examples:
  atrous check specs/*.conv
  atrous check --deny warnings --message-format json fc6.conv
  atrous check upconv7.conv --size H=160 --size W=160
  echo 'layer a { input: [1, 3, 8, 8], channels: 4, kernel: 3 }' | atrous check -";

/// Arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// Specs to check; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Also check with a value for a free size; other free sizes stay open
    #[arg(long = "size", value_name = "NAME=N", value_parser = named_size)]
    pub sizes: Vec<(String, usize)>,
    /// Fail when there are warnings, or layers that take the slow path; may be repeated
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub deny: Vec<Deny>,
}

/// What `build` and `run` have in common.
#[derive(Debug, Args)]
pub struct SpecArgs {
    /// The spec; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The layer or net to take when the spec has several
    #[arg(long, value_name = "NAME")]
    pub net: Option<String>,
    /// A value for a free size, such as H=160; may be repeated
    #[arg(long = "size", value_name = "NAME=N", value_parser = named_size)]
    pub sizes: Vec<(String, usize)>,
    /// Use this memory order instead of the one that the spec names
    #[arg(long, value_enum)]
    pub layout: Option<LayoutArg>,
    /// The machine to compile for; by default what ATROUS_TARGET says, else this machine (`build`: portable, and all of them as Rust)
    #[arg(long, value_enum)]
    pub target: Option<TargetArg>,
    /// Fail when there are warnings, or layers that take the slow path; may be repeated
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    pub deny: Vec<Deny>,
}

/// A memory order by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutArg {
    /// Channels before the spatial axes.
    Nchw,
    /// Channels innermost.
    Nhwc,
}

impl LayoutArg {
    /// The compiler's word for it.
    pub fn layout(self) -> atrous_compiler::layer::Layout {
        match self {
            LayoutArg::Nchw => atrous_compiler::layer::Layout::Nchw,
            LayoutArg::Nhwc => atrous_compiler::layer::Layout::Nhwc,
        }
    }
}

/// Whether and where to look for tuned schedules.
#[derive(Debug, Args)]
pub struct TunedArgs {
    /// Compute layers as `atrous tune` found to be the fastest for this target and number of threads; by default in the file of ATROUS_TUNING, else of the user's cache
    #[arg(long, value_name = "CACHE", num_args = 0..=1, require_equals = true)]
    pub tuned: Option<Option<PathBuf>>,
}

/// The memory that tensors may take.
#[derive(Debug, Args)]
pub struct MemoryArgs {
    /// Refuse to use more memory than this for tensors, such as 500MiB or 16GiB; by default half of what there is
    #[arg(long, value_name = "SIZE")]
    memory_limit: Option<Limit>,
}

impl MemoryArgs {
    /// The limit that is given, or the default.
    pub fn limit(&self) -> Limit {
        self.memory_limit.unwrap_or_else(Limit::half_of_memory)
    }
}

const BUILD_EXAMPLES: &str = "\
Examples:
  atrous build fc6.conv --emit ir                 the graph as lowered and after each pass
  atrous build fc6.conv --emit ir --dump-passes   all passes, with the work that is left after each
  atrous build nets.conv --net upconv7 --size H=160 --size W=160 --emit rust -o upconv7.rs
  atrous build fc6.conv --emit asm | less

A spec with several layers or nets gives them one after the other, or the one named by --net.";

/// Arguments of `build`.
#[derive(Debug, Args)]
#[command(after_help = BUILD_EXAMPLES)]
pub struct BuildArgs {
    /// The spec and how to compile it.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// The level to write
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub emit: Emit,
    /// Where to find tuned schedules.
    #[command(flatten)]
    pub tuned: TunedArgs,
    /// With `--tuned`: the threads that the schedules were tuned for
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads())]
    pub threads: u16,
    /// With `--emit ir`: show passes that change nothing too, and the multiply-adds left after each pass
    #[arg(long)]
    pub dump_passes: bool,
    /// Where to write; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

/// A level of the compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Emit {
    /// What the lexer sees
    Tokens,
    /// What the parser sees
    Ast,
    /// The layers with all defaults and sizes filled in, as a spec
    Layer,
    /// The same for programs: an array of all layers, those of nets too, in JSON
    Json,
    /// The graph as lowered, with inserted zeros, and after each pass that changes it
    Ir,
    /// The loops and tiles that both back ends print
    Plan,
    /// Rust source
    Rust,
    /// Cranelift's intermediate form
    Clif,
    /// Machine code of this machine, disassembled
    Asm,
}

const RUN_EXAMPLES: &str = "\
Examples:
  atrous run upconv7.conv --weights upconv7.safetensors --image photo.png -o photo_2x.png
  atrous run fc6.conv --weights fc6.safetensors --input x.npy -o y.npy
  atrous run fc6.conv --weights random:1 --input random:2 --backend interpreter
  atrous run two.conv --weights random:1 --input left=a.npy --input right=random:7 -o outputs/

Weights are tensors `<layer>.weight` and `<layer>.bias` in PyTorch's shapes, as F16, BF16, F32 or F64.
Arrays have the shape of the tensor in memory: [N, C, H, W] with layout nchw, [N, H, W, C] with layout nhwc.
Pictures are scaled to [0, 1]; a net of one channel sees them gray (Rec. 601 luma), one of three channels in RGB.
Free sizes are inferred from the arrays and pictures; with `random:` they are given by --size.
A file name that contains `=` is written with its directory: ./a=b.npy.";

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// The spec and how to compile it.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Weights: a safetensors file, or `random:SEED`
    #[arg(long, value_name = "FILE", value_parser = tensor_source)]
    pub weights: Option<TensorSource>,
    /// An input: an npy file or `random:SEED`, with a name when there are several; may be repeated
    #[arg(long = "input", value_name = "[NAME=]FILE", value_parser = named_tensor)]
    pub inputs: Vec<(Option<String>, TensorSource)>,
    /// An input from a picture (png, jpeg, bmp, pnm); may be repeated
    #[arg(long = "image", value_name = "[NAME=]PICTURE", value_parser = named_path)]
    pub images: Vec<(Option<String>, PathBuf)>,
    /// Where to write the output: a .npy file, a picture, a directory (one file per output), or `-` for npy on standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The format of the outputs; by default what the file name says, npy for a directory or `-`
    #[arg(long, value_enum)]
    pub format: Option<OutputFormat>,
    /// What computes: machine code, the interpreter of plans (slow), or the definition in f64 (very slow)
    #[arg(long, value_enum, default_value_t = Backend::Jit)]
    pub backend: Backend,
    /// Where to find tuned schedules.
    #[command(flatten)]
    pub tuned: TunedArgs,
    /// Threads that compute machine code; by default one for each core
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<u16>,
    /// The memory that tensors may take.
    #[command(flatten)]
    pub memory: MemoryArgs,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  atrous explain fc6.conv
  atrous explain upconv7.conv --size H=160 --size W=160 --layout nhwc --target avx2
  atrous explain fc6.conv --deny slow --json
  atrous explain A0204                      the long story of the code of a message
  atrous explain codes                      all codes

Multiply-adds are nominal as papers count them, and useful as pairs of a real input and a tap;
those executed have idle lanes too, and those with all zeros multiply inserted zeros, gaps of
dilated kernels and padding. Cycles are those of one core, as the compiler expects them in order
to compare schedules; `atrous bench` measures.
A layer takes the slow path when it is expected to take more than 20 000 cycles, and more than
3.5 times those that its useful multiply-adds at the peak, or its memory at 8 bytes a cycle, need.
--json writes an array with an object for each layer or net. Its fields, whose meaning stays, are
those of `atrous_compiler::explain::Explanation`.";

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub struct ExplainArgs {
    /// The spec and how to compile it.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Where to find tuned schedules.
    #[command(flatten)]
    pub tuned: TunedArgs,
    /// With `--tuned`: the threads that the schedules were tuned for
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads())]
    pub threads: u16,
    /// Write everything as JSON, for programs
    #[arg(long)]
    pub json: bool,
}

const BENCH_EXAMPLES: &str = "\
Examples:
  atrous bench specs/vgg_2d.conv
  atrous bench upconv7.conv --size H=160 --size W=160 --layout nhwc
  atrous bench fc6.conv --threads 4 --message-format json

Data are random. Each round times the spec and then a loop of nothing but multiply-adds in registers, whose speed is
the 100 % of each thread; only ratios of one run can be compared. Times are the shortest of all rounds; run nothing else.";

/// Arguments of `bench`.
#[derive(Debug, Args)]
#[command(after_help = BENCH_EXAMPLES)]
pub struct BenchArgs {
    /// The spec and how to compile it.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Rounds to take the shortest times from
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = number::<u32>(1..=u32::MAX))]
    pub rounds: u32,
    /// Where to find tuned schedules.
    #[command(flatten)]
    pub tuned: TunedArgs,
    /// Threads that compute
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads())]
    pub threads: u16,
    /// The memory that tensors may take.
    #[command(flatten)]
    pub memory: MemoryArgs,
}

const TUNE_EXAMPLES: &str = "\
Examples:
  atrous tune upconv7.conv --size H=160 --size W=160
  atrous tune upconv7.conv --size H=160 --size W=160 --threads 4 --candidates 16
  atrous run upconv7.conv --tuned --weights upconv7.safetensors --image photo.png -o photo_2x.png

The compiler ranks the schedules of each layer by what it expects them to cost; the first is the
default. The best few are timed in turns. One that takes at least 2 % less than the default, in two
races, is kept for all layers like this one, on this target, processor and number of threads.
Run nothing else meanwhile. Several processes may share a cache.";

/// Arguments of `tune`.
#[derive(Debug, Args)]
#[command(after_help = TUNE_EXAMPLES)]
pub struct TuneArgs {
    /// The spec and how to compile it.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Threads that compute
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = threads())]
    pub threads: u16,
    /// Schedules of each layer to time, at most
    #[arg(long, value_name = "K", default_value_t = 8, value_parser = number::<u16>(2..=1024))]
    pub candidates: u16,
    /// Rounds to take the shortest times from
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = number::<u32>(1..=u32::MAX))]
    pub rounds: u32,
    /// The file that keeps the winners; by default that of ATROUS_TUNING, else one in the user's cache
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
    /// The memory that tensors may take.
    #[command(flatten)]
    pub memory: MemoryArgs,
}

/// Where a tensor comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TensorSource {
    /// A file.
    File(PathBuf),
    /// Reproducible noise.
    Random(u64),
}

/// The format of an output file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// An array of f32
    Npy,
    /// A picture, clipped to [0, 1]
    Png,
}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Backend {
    /// Machine code.
    Jit,
    /// The interpreter of plans.
    Interpreter,
    /// The definition of layers in f64.
    Oracle,
}

impl Backend {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Jit => "jit",
            Backend::Interpreter => "interpreter",
            Backend::Oracle => "oracle",
        }
    }
}

/// A whole number in a range.
fn number<N: TryFrom<u32>>(range: RangeInclusive<u32>) -> impl Fn(&str) -> Result<N, String> + Clone {
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (least, most) = (range.start(), range.end());
        number
            .and_then(|number| N::try_from(number).ok())
            .ok_or_else(|| format!("write a number from {least} to {most}"))
    }
}

fn threads() -> impl Fn(&str) -> Result<u16, String> + Clone {
    number(1..=1024)
}

fn named_size(text: &str) -> Result<(String, usize), String> {
    let (name, size) = text.split_once('=').ok_or("expected NAME=N, such as H=160")?;
    if !is_identifier(name) {
        return Err(format!("`{name}` is not the name of a size"));
    }
    let size = size.parse().map_err(|_| format!("`{size}` is no size; sizes are 1 to {}", i32::MAX))?;
    Ok((name.to_string(), size))
}

fn tensor_source(text: &str) -> Result<TensorSource, String> {
    match text.strip_prefix("random:") {
        Some(seed) => {
            let seed = seed.parse().map_err(|_| format!("the seed `{seed}` is not a whole number of 64 bits"))?;
            Ok(TensorSource::Random(seed))
        }
        None if text.is_empty() => Err("expected a file name or random:SEED".to_string()),
        None => Ok(TensorSource::File(text.into())),
    }
}

fn named_tensor(text: &str) -> Result<(Option<String>, TensorSource), String> {
    let (name, source) = split_name(text);
    Ok((name, tensor_source(source)?))
}

fn named_path(text: &str) -> Result<(Option<String>, PathBuf), String> {
    let (name, path) = split_name(text);
    Ok((name, path.into()))
}

/// Splits `NAME=rest`; what stands before `=` is a name only when it is an identifier.
fn split_name(text: &str) -> (Option<String>, &str) {
    match text.split_once('=') {
        Some((name, rest)) if is_identifier(name) => (Some(name.to_string()), rest),
        _ => (None, text),
    }
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|other| other == '_' || other.is_alphanumeric())
}

#[cfg(test)]
mod tests;
