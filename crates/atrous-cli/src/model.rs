//! The layers and nets of a spec, and which of them is meant.

use atrous_compiler::front::{self, Front, Model, OpenNet, Sizes};
use atrous_compiler::layer::Layout;
use atrous_compiler::{Net, Severity};

use crate::args::LayoutArg;
use crate::failure::{Failure, quoted};
use crate::report::Report;
use crate::source::Source;

/// The sizes that the command line binds; none twice.
pub fn sizes(named: &[(String, usize)]) -> Result<Sizes, Failure> {
    let mut sizes = Sizes::new();
    for (name, size) in named {
        if sizes.insert(name.clone(), *size).is_some() {
            return Err(Failure::usage(format!("--size {name} is given twice")));
        }
    }
    Ok(sizes)
}

/// Reads a spec and tells its errors and warnings; fails when there is an error.
pub fn check(source: &Source, sizes: &Sizes, report: &mut Report) -> Result<Front, Failure> {
    let front = front::bytes(&source.bytes, sizes);
    report.diagnostics(source, &front.diagnostics);
    if front.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Failure::reported());
    }
    Ok(front)
}

/// The layer or net with a name, or the only one.
pub fn choose<'a>(models: &'a [Model], name: Option<&str>) -> Result<&'a Model, Failure> {
    let names = || quoted(models.iter().map(self::name));
    match (name, models) {
        (_, []) => Err(Failure::error("the spec has no layer and no net")),
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::usage("the spec has several layers or nets")
            .help(format!("choose one with --net: {}", names()))),
        (Some(wanted), _) => models.iter().find(|model| self::name(model) == wanted).ok_or_else(|| {
            Failure::usage(format!("the spec has no layer or net `{wanted}`")).help(format!("it has {}", names()))
        }),
    }
}
