//! `build`: one level of the compilation, written out.

use std::fmt::Write;

use atrous_compiler::front::Front;
use atrous_compiler::{Checked, Net, Plan, Target, ast, compile, emit, ir, lower, passes, syntax};

use crate::args::{BuildArgs, Emit, SpecArgs};
use crate::failure::Failure;
use crate::model;
use crate::output;
use crate::report::Report;
use crate::source::Source;
use crate::target;

/// Writes the level that is asked for.
pub fn run(args: &BuildArgs, report: &mut Report) -> Result<(), Failure> {
    let source = Source::read(&args.spec.file)?;
    let sizes = model::sizes(&args.spec.sizes)?;
    let front = model::check(&source, args.spec.net.as_deref(), &sizes, report)?;
    crate::deny(args.spec.deny, report)?;
    let print: fn(&Net, &BuildArgs) -> Result<String, Failure> = match args.emit {
        Emit::Tokens => return output::write(&args.output, syntax::print_tokens(&front.tokens).as_bytes()),
        Emit::Ast => {
            return output::write(&args.output, front.file.as_ref().map(ast::print).unwrap_or_default().as_bytes());
        }
        Emit::Layer => |net, _| Ok(net.to_string()),
        Emit::Ir => |net, args| Ok(graphs(net, args.dump_passes)),
        Emit::Plan => |net, args| Ok(plan(net, args)?.to_string()),
        Emit::Rust => |net, args| {
            emit::source(net, &plan(net, args)?, &emit::Options::default())
                .map_err(|error| Failure::error(error.to_string()))
        },
        Emit::Clif => |net, args| Ok(atrous_jit::clif(&plan(net, args)?)),
        Emit::Asm => |net, args| atrous_jit::asm(&plan(net, args)?).map_err(|error| Failure::error(error.to_string())),
    };
    let texts: Vec<String> = nets(&args.spec, &front)?.iter().map(|net| print(net, args)).collect::<Result<_, _>>()?;
    output::write(&args.output, texts.join("\n").as_bytes())
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

fn plan(net: &Net, args: &BuildArgs) -> Result<Checked<Plan>, Failure> {
    compile(net, &target::named(args.spec.target)?.unwrap_or_else(Target::portable))
        .map_err(|error| Failure::error(error.to_string()))
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
