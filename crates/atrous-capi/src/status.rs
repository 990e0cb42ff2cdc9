//! What every function returns, and what it says of errors.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use atrous::jit::{CompileError, Error, RunError};

use crate::floats::DefaultEnvironment;

/// How a call went. All but `ATROUS_STATUS_OK` are errors, of which `atrous_last_error` says more.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtrousStatus {
    /// All is well.
    Ok = 0,
    /// A pointer is null that must not be.
    Null = 1,
    /// A pointer is not aligned for what it points to.
    Alignment = 2,
    /// A string is not UTF-8.
    Text = 3,
    /// The spec has errors, leaves sizes free, or is not one layer or net.
    Spec = 4,
    /// There is no such target, or this machine does not have its instructions.
    Target = 5,
    /// An option has a value that it cannot have.
    Option = 6,
    /// There is no machine code for the spec: it is too large, or the machine is not supported.
    Compile = 7,
    /// The number of tensors is not that of the spec.
    Count = 8,
    /// A tensor has not as many elements as its shape, or scratch memory is too short.
    Length = 9,
    /// There is no tensor with this number.
    Index = 10,
    /// An output or scratch memory shares elements with another tensor.
    Overlap = 11,
    /// The system gives no more memory or threads, or a run takes more memory than `AtrousOptions.memory_limit`.
    Memory = 12,
    /// A mistake in this library.
    Internal = 13,
    /// A layer takes the slow path, and `AtrousOptions.deny_slow` is set.
    Slow = 14,
}

/// Why a call fails.
#[derive(Debug)]
pub(crate) struct Failure {
    pub status: AtrousStatus,
    pub message: String,
}

impl Failure {
    pub fn new(status: AtrousStatus, message: impl Into<String>) -> Failure {
        Failure { status, message: message.into() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let status = match &error {
            Error::Spec(_) => AtrousStatus::Spec,
            Error::Target(_) | Error::Compile(CompileError::Target { .. }) => AtrousStatus::Target,
            Error::Compile(CompileError::Memory { .. }) | Error::Memory { .. } => AtrousStatus::Memory,
            Error::Plan(_) | Error::Compile(CompileError::Host { .. } | CompileError::Stage { .. }) => {
                AtrousStatus::Compile
            }
            Error::Run(error) => status_of_run(error),
            _ => AtrousStatus::Internal,
        };
        Failure::new(status, error.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        Failure::new(status_of_run(&error), error.to_string())
    }
}

fn status_of_run(error: &RunError) -> AtrousStatus {
    match error {
        RunError::Count { .. } => AtrousStatus::Count,
        RunError::Length { .. } | RunError::Scratch { .. } => AtrousStatus::Length,
        RunError::OutOfMemory { .. } => AtrousStatus::Memory,
        // Packed parameters run on the kernel that packed them, which they hold.
        RunError::OtherKernel => AtrousStatus::Internal,
    }
}

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// Calls the body of a function, in the default floating-point environment. Nothing unwinds out of it.
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Failure>) -> AtrousStatus {
    let _environment = DefaultEnvironment::new();
    // What a panic leaves half done is dropped with the body: handles are only read, and memory of the caller's holds
    // numbers only.
    let result = catch_unwind(AssertUnwindSafe(body));
    let failure = match result {
        Ok(Ok(())) => return AtrousStatus::Ok,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure::new(AtrousStatus::Internal, format!("a mistake in atrous: {}", panic_text(&*panic))),
    };
    let message = CString::new(failure.message.replace('\0', "\u{fffd}")).unwrap_or_default();
    // A thread that is ending may have no last error any more.
    let _ = LAST_ERROR.try_with(|last| last.replace(message));
    failure.status
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason is known")
}

/// The message of the last error of a function of this library on this thread; empty when there was none. Valid until the
/// next error on this thread, or its end.
#[unsafe(no_mangle)]
pub extern "C" fn atrous_last_error() -> *const c_char {
    LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

/// The version of this library, such as "0.1.0". Valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn atrous_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}
