//! What can go wrong between a verified plan and its results.

use std::error::Error;
use std::fmt;

/// Why there is no machine code for a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// Cranelift makes no code for this machine.
    Host {
        /// Cranelift's words.
        reason: String,
    },
    /// The plan is for a machine with instructions that this one lacks.
    Target {
        /// The name of the plan's target.
        target: &'static str,
    },
    /// Cranelift refused the function of a stage.
    Stage {
        /// The stage: `run::<name>` or `pack::<name>`.
        stage: String,
        /// Cranelift's words.
        reason: String,
    },
    /// The system gave no memory for code, or did not make it executable.
    Memory {
        /// The system's words.
        reason: String,
    },
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CompileError::Host { reason } => write!(f, "no machine code for this host: {reason}"),
            CompileError::Target { target } => write!(f, "this host does not have the instructions of `{target}`"),
            CompileError::Stage { stage, reason } => write!(f, "no machine code for stage `{stage}`: {reason}"),
            CompileError::Memory { reason } => write!(f, "no memory for machine code: {reason}"),
        }
    }
}

impl Error for CompileError {}

/// Why a kernel did not run. Nothing was read or written then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// There are more or fewer slices than buffers.
    Count {
        /// `inputs`, `outputs` or `parameters`.
        what: &'static str,
        /// How many the plan has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// A slice has not the length of its buffer.
    Length {
        /// The buffer's name in the plan.
        buffer: String,
        /// The buffer's dimensions in memory order; their product is the length expected.
        shape: Vec<usize>,
        /// Elements of the slice given.
        found: usize,
    },
    /// The parameters were packed by another kernel.
    OtherKernel,
    /// Scratch memory is shorter than the kernel needs.
    Scratch {
        /// Elements (`f32`) that the kernel needs.
        expected: usize,
        /// Elements that were given.
        found: usize,
    },
    /// The system gave no memory for packed parameters or scratch.
    OutOfMemory {
        /// Elements (`f32`) asked for.
        elements: usize,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Count { what, expected: 1, found } => {
                write!(f, "expected 1 {}, found {found}", what.trim_end_matches('s'))
            }
            RunError::Count { what, expected, found } => write!(f, "expected {expected} {what}, found {found}"),
            RunError::Length { buffer, shape, found } => {
                let expected: usize = shape.iter().product();
                let elements = if expected == 1 { "element" } else { "elements" };
                write!(f, "`{buffer}` has shape {shape:?}: expected {expected} {elements}, found {found}")
            }
            RunError::OtherKernel => write!(f, "the parameters were packed by another kernel"),
            RunError::Scratch { expected, found } => {
                write!(f, "expected {expected} elements of scratch memory or more, found {found}")
            }
            RunError::OutOfMemory { elements } => write!(f, "no memory for {elements} numbers"),
        }
    }
}

impl Error for RunError {}
