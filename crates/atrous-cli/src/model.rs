//! The layers and nets of a spec: which are meant, and for which sizes.

use atrous_compiler::ast::Item;
use atrous_compiler::codes::{SIZE_RANGE, UNKNOWN_SIZE};
use atrous_compiler::front::{self, Dim, Front, Model, OpenNet, Sizes};
use atrous_compiler::layer::Layout;
use atrous_compiler::{Diagnostic, Net, Severity, Span};

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
///
/// Whether sizes that are bound suit an item is asked only of the one that is named: others may need sizes of the same
/// name to be different.
pub fn check(source: &Source, name: Option<&str>, sizes: &Sizes, report: &mut Report) -> Result<Front, Failure> {
    let open = front::bytes(&source.bytes, &Sizes::new());
    report.diagnostics(source, &open.diagnostics);
    if open.has_errors() {
        return Err(Failure::reported());
    }
    if sizes.is_empty() { Ok(open) } else { bind(source, &open, name, sizes, report) }
}

/// Reads a spec without errors again, now for some sizes, and tells what that adds for the item that is named.
fn bind(
    source: &Source,
    open: &Front,
    name: Option<&str>,
    sizes: &Sizes,
    report: &mut Report,
) -> Result<Front, Failure> {
    let bound = front::bytes(&source.bytes, sizes);
    let concerns = |diagnostic: &Diagnostic| {
        let is_of_command = [UNKNOWN_SIZE, SIZE_RANGE].contains(&diagnostic.code);
        is_of_command || name.is_none_or(|name| item_at(&bound, diagnostic.span) == Some(name))
    };
    let is_new = |diagnostic: &&Diagnostic| !open.diagnostics.contains(diagnostic) && concerns(diagnostic);
    let new: Vec<Diagnostic> = bound.diagnostics.iter().filter(is_new).cloned().collect();
    report.diagnostics(source, &new);
    if new.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(Failure::reported());
    }
    Ok(bound)
}

/// The name of the layer or net that a place in the source belongs to.
fn item_at(front: &Front, span: Span) -> Option<&str> {
    let items = front.file.iter().flat_map(|file| &file.items).map(Item::name);
    items.take_while(|name| name.span.start <= span.start).last().map(|name| name.text.as_str())
}

/// The layer or net with a name, or the only one.
pub fn choose<'a>(models: &'a [Model], name: Option<&str>) -> Result<&'a Model, Failure> {
    let names = || quoted(models.iter().map(Model::name));
    match (name, models) {
        (_, []) => Err(Failure::error("the spec has no layer and no net")),
        (None, [only]) => Ok(only),
        (None, _) => {
            let help = format!("choose one with --net: {}", names());
            Err(Failure::usage("the spec has several layers or nets").help(help))
        }
        (Some(wanted), _) => models.iter().find(|model| model.name() == wanted).ok_or_else(|| {
            Failure::usage(format!("the spec has no layer or net `{wanted}`")).help(format!("it has {}", names()))
        }),
    }
}

/// The memory order that the spec names.
pub fn layout(model: &Model) -> Layout {
    match model {
        Model::Net(net) => net.layout,
        Model::Open(open) => open.layout,
    }
}

/// The names of the inputs with their numbers of channels, where these are known.
pub fn inputs(model: &Model) -> Vec<(&str, Option<usize>)> {
    let known = |dims: &[Dim]| match dims.get(1) {
        Some(Dim::Known(channels)) => Some(*channels),
        Some(Dim::Free(_)) | None => None,
    };
    match model {
        Model::Net(net) => net.inputs.iter().map(|input| (input.name.as_str(), input.shape.get(1).copied())).collect(),
        Model::Open(open) => open.inputs.iter().map(|(name, dims)| (name.as_str(), known(dims))).collect(),
    }
}

/// The net, when every size is known.
pub fn closed(model: &Model) -> Result<Net, Failure> {
    match model {
        Model::Net(net) => Ok(net.clone()),
        Model::Open(open) => Err(still_free(&open.name, &open.free)),
    }
}

fn still_free(name: &str, free: &[String]) -> Failure {
    let sizes: Vec<String> = free.iter().map(|size| format!("--size {size}=N")).collect();
    let text = format!("`{name}` has free sizes: {}", quoted(free.iter().map(String::as_str)));
    Failure::usage(text).help(format!("give them with {}", sizes.join(" ")))
}

/// What the numbers of a shape in a file mean.
pub fn order_of_dimensions(layout: Layout) -> &'static str {
    match layout {
        Layout::Nchw => "with layout nchw the dimensions are batch, channels, then the spatial sizes",
        Layout::Nhwc => "with layout nhwc the dimensions are batch, the spatial sizes, then channels",
    }
}

/// The net for inputs of these shapes `[N, C, S…]`, in its order; a shape is `None` for an input that fits any size.
pub fn close(
    model: &Model,
    shapes: &[Option<Vec<usize>>],
    mut sizes: Sizes,
    layout: Layout,
    source: &Source,
    report: &mut Report,
) -> Result<Net, Failure> {
    let open = match model {
        Model::Net(net) => return Ok(net.clone()),
        Model::Open(open) => open,
    };
    let (inputs, shapes): (Vec<_>, Vec<_>) =
        open.inputs.iter().zip(shapes).filter_map(|(input, shape)| Some((input.clone(), shape.clone()?))).unzip();
    let shaped = OpenNet { inputs, ..open.clone() };
    let order = order_of_dimensions(layout);
    sizes.extend(shaped.sizes_for(&shapes).map_err(|text| Failure::error(text).help(order))?);
    let unread = front::bytes(&source.bytes, &Sizes::new());
    let front = bind(source, &unread, Some(&open.name), &sizes, report)?;
    closed(choose(&front.models, Some(&open.name))?)
}
