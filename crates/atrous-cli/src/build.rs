//! `build`: one level of the compilation, written out.

use std::fmt::Write;

use atrous_compiler::front::Front;
use atrous_compiler::layer::Layer;
use atrous_compiler::{Checked, Net, Plan, Target, ast, emit, ir, lower, passes, syntax};
use serde::Serialize;

use crate::args::{BuildArgs, Emit, SpecArgs};
use crate::failure::Failure;
use crate::model;
use crate::output;
use crate::progress::Progress;
use crate::report::Report;
use crate::source::Source;
use crate::target;
use crate::tuned::Tuned;

/// Writes the level that is asked for.
pub fn run(args: &BuildArgs, report: &mut Report) -> Result<(), Failure> {
    let source = Source::read(&args.spec.file)?;
    let sizes = model::sizes(&args.spec.sizes)?;
    let front = model::check(&source, args.spec.net.as_deref(), &sizes, report)?;
    output::check(&args.output, &[("the spec", &args.spec.file)])?;
    let tuned = Tuned::load(&args.tuned, args.threads.into(), &args.spec.deny, report)?;
    crate::deny(&args.spec.deny, report)?;
    let print: fn(&Net, &BuildArgs, &Tuned, &mut Report) -> Result<String, Failure> = match args.emit {
        Emit::Tokens => return output::write(&args.output, syntax::print_tokens(&front.tokens).into_bytes()),
        Emit::Ast => {
            return output::write(&args.output, front.file.as_ref().map(ast::print).unwrap_or_default().into_bytes());
        }
        Emit::Json => return output::write(&args.output, json(&nets(&args.spec, &front)?).into_bytes()),
        Emit::Layer => |net, _, _, _| Ok(net.to_string()),
        Emit::Ir => |net, args, _, report| {
            let _progress = Progress::working("lowering", report.is_human());
            Ok(graphs(net, args.dump_passes))
        },
        Emit::Plan => |net, args, tuned, report| Ok(plan(net, args, tuned, report)?.to_string()),
        Emit::Rust => |net, args, tuned, report| {
            let plans = rust_plans(net, args, tuned, report)?;
            let _progress = Progress::working("writing Rust", report.is_human());
            emit::source(net, &plans, &emit::Options::default()).map_err(|error| Failure::error(error.to_string()))
        },
        Emit::Clif => |net, args, tuned, report| {
            let plan = plan(net, args, tuned, report)?;
            let _progress = Progress::working("compiling", report.is_human());
            Ok(atrous_jit::clif(&plan))
        },
        Emit::Asm => |net, args, tuned, report| {
            let plan = plan(net, args, tuned, report)?;
            let _progress = Progress::working("compiling", report.is_human());
            atrous_jit::asm(&plan).map_err(|error| Failure::error(error.to_string()))
        },
    };
    let texts: Vec<String> =
        nets(&args.spec, &front)?.iter().map(|net| print(net, args, &tuned, report)).collect::<Result<_, _>>()?;
    output::write(&args.output, texts.join("\n").into_bytes())
}

/// The nets that are to be written: all of the spec, or the one that is named.
pub fn nets(args: &SpecArgs, front: &Front) -> Result<Vec<Net>, Failure> {
    let models = match &args.net {
        Some(name) => vec![model::choose(&front.models, Some(name))?],
        None => front.models.iter().collect(),
    };
    let with_layout = |net: Net| match args.layout {
        Some(layout) => net.with_layout(layout.layout()),
        None => net,
    };
    models.into_iter().map(|model| model::closed(model).map(with_layout)).collect()
}

/// A layer as JSON has it.
#[derive(Serialize)]
struct LayerLine<'a> {
    net: &'a str,
    layer: &'a Layer,
    spec: String,
}

/// All layers of some nets, one a line, each with the name of its net and with a spec of it alone.
fn json(nets: &[Net]) -> String {
    let layers = nets.iter().flat_map(|net| net.layers().map(|layer| (&net.name, layer)));
    let line = |(net, layer): (&String, &Layer)| {
        let line = LayerLine { net, layer, spec: layer.to_string() };
        serde_json::to_string(&line).expect("words and finite numbers are JSON")
    };
    format!("[\n{}\n]\n", layers.map(line).collect::<Vec<_>>().join(",\n"))
}

fn plan(net: &Net, args: &BuildArgs, tuned: &Tuned, report: &mut Report) -> Result<Checked<Plan>, Failure> {
    tuned.plan(net, &target::named(args.spec.target)?.unwrap_or_else(Target::portable), report)
}

/// The plans for generated Rust: the portable one, and those for wider vectors or the one that is asked for.
fn rust_plans(net: &Net, args: &BuildArgs, tuned: &Tuned, report: &mut Report) -> Result<Vec<Checked<Plan>>, Failure> {
    let targets = match target::named(args.spec.target)? {
        None => Target::all().to_vec(),
        Some(target) if target == Target::portable() => vec![target],
        Some(target) => vec![Target::portable(), target],
    };
    targets.iter().map(|target| tuned.plan(net, target, report)).collect()
}

/// The graph as lowered and after each pass that changes it; with `dump`, what each pass leaves to do as well.
fn graphs(net: &Net, dump: bool) -> String {
    let graph = lower::lower(net);
    let work = |graph: &ir::Graph| {
        if dump { format!("// {} multiply-adds as it stands\n", ir::macs::executed(graph)) } else { String::new() }
    };
    let mut text = "// as lowered\n".to_string();
    if dump {
        let macs = ir::macs::of_layers(&graph);
        let _ = writeln!(text, "// {} multiply-adds nominal, {} of two real factors", macs.nominal, macs.useful);
    }
    let _ = write!(text, "{}{graph}", work(&graph));
    passes::run(graph, &mut |pass, graph, changed| {
        let _ = match (changed, dump) {
            (true, _) => write!(text, "\n// after {}: {}\n{}{graph}", pass.name, pass.ensures, work(graph)),
            (false, true) => write!(text, "\n// after {}: {} (unchanged)\n", pass.name, pass.ensures),
            (false, false) => Ok(()),
        };
    });
    text
}
