//! The machine to compile for.

use atrous_compiler::Target;
use clap::ValueEnum;

use crate::args::TargetArg;
use crate::failure::Failure;

/// The environment variable that chooses a target where the command line does not.
const VARIABLE: &str = "ATROUS_TARGET";

/// The target that the command line or the environment names, if any.
pub fn named(argument: Option<TargetArg>) -> Result<Option<Target>, Failure> {
    let named = match (argument, std::env::var_os(VARIABLE)) {
        (Some(argument), _) => Some(argument),
        (None, None) => None,
        (None, Some(name)) => Some(of_variable(&name.to_string_lossy())?),
    };
    Ok(named.map(TargetArg::target))
}

/// The same, or what this machine does best; an error when this machine cannot run it.
pub fn to_run(argument: Option<TargetArg>) -> Result<Target, Failure> {
    let target = named(argument)?.unwrap_or_else(atrous::jit::host_target);
    if atrous_jit::supports(&target) {
        return Ok(target);
    }
    let text = format!("this machine does not run code for {}", target.name);
    Err(Failure::error(text).help(format!("the best that it runs is {}", atrous::jit::host_target().name)))
}

fn of_variable(name: &str) -> Result<TargetArg, Failure> {
    TargetArg::from_str(name, false).map_err(|_| {
        let names = TargetArg::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = names.map(|value| value.get_name().to_string()).collect();
        let text = format!("{VARIABLE} is `{name}`, which is no target");
        Failure::usage(text).help(format!("the targets are {}", names.join(", ")))
    })
}
