//! Nets: which value is which, and what each step reads.

use super::activation;
use super::conv;
use super::fields::{Place, collect};
use super::names;
use super::scope::{Scope, Spanned};
use super::shape::{self, Dim, Shape, Sizes, shown_shape};
use super::suggest::{alternatives, closest, count};
use super::{Checked, open};
use crate::ast::{Name, NetItem, Statement, Step, Value};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::layer::Layout;
use crate::net::{Input, Net, Op, Step as NetStep, ValueId};
use crate::reports::Reports;
use std::collections::BTreeMap;

/// As many names are told as help.
const FEW: usize = 6;

/// The most inputs and steps of a net.
pub(super) const MOST_VALUES: usize = 4096;

/// The most operands of an operation.
const MOST_OPERANDS: usize = 256;

/// The operations.
pub(super) const OPS: [&str; 3] = ["conv", "add", "mul"];

/// A value that a statement defines.
struct Defined<'a> {
    name: &'a Name,
    /// `None` after an error.
    shape: Option<Shape>,
    is_input: bool,
    is_output: bool,
    used: bool,
}

/// A step, and the indices in [`Checker::values`] of what it computes and reads.
struct Computed {
    value: usize,
    /// `None` where a size is free or after an error.
    op: Option<Op>,
    /// `None` after an error.
    reads: Option<Vec<usize>>,
}

/// The check of one net.
struct Checker<'a, 'r> {
    reports: &'r mut Reports,
    net: &'a NetItem,
    /// Every name that is defined anywhere, so that a use too early is told from a use of nothing.
    all: BTreeMap<&'a str, Span>,
    values: Vec<Defined<'a>>,
    by_name: BTreeMap<&'a str, usize>,
    inputs: Vec<(String, Vec<Dim>)>,
    steps: Vec<Computed>,
    layout: Option<Spanned<Layout>>,
}

/// Checks a net with the sizes that are bound.
pub(super) fn check(item: &NetItem, sizes: &Sizes, reports: &mut Reports) -> Option<Checked> {
    let before = reports.error_count();
    let mut checker = Checker {
        reports,
        net: item,
        all: BTreeMap::new(),
        values: Vec::new(),
        by_name: BTreeMap::new(),
        inputs: Vec::new(),
        steps: Vec::new(),
        layout: None,
    };
    checker.collect_names();
    for statement in &item.statements {
        match statement {
            Statement::Input { name, shape } => checker.input(name, shape, sizes),
            Statement::Step(step) => checker.step(step),
            Statement::Output { .. } => {}
        }
    }
    let outputs = checker.outputs();
    if checker.reports.error_count() > before {
        return None;
    }
    checker.warn_unused();
    Some(checker.finish(outputs))
}

impl<'a> Checker<'a, '_> {
    fn scope(&mut self, kind: &str, name: &Name) -> Scope<'_> {
        Scope { subject: format!("{kind} `{}`", name.text), reports: self.reports }
    }

    fn net_scope(&mut self) -> Scope<'_> {
        let net = self.net;
        self.scope("net", &net.name)
    }

    fn collect_names(&mut self) {
        let net = self.net;
        let names = net.statements.iter().filter_map(|statement| match statement {
            Statement::Input { name, .. } | Statement::Step(Step { name, .. }) => Some(name),
            Statement::Output { .. } => None,
        });
        if let Some(name) = names.clone().nth(MOST_VALUES) {
            let message = format!("{} inputs and steps are too many; the most is {MOST_VALUES}", names.clone().count());
            let error = Diagnostic::error(codes::TOO_LARGE, name.span, message).label("one too many");
            self.net_scope().add(error.help("split the net into several"));
        }
        for name in names {
            if let Some(error) = names::problem(&name.text, name.span) {
                self.net_scope().add(error);
            }
            if self.all.contains_key(name.text.as_str()) {
                let message = format!("the name `{}` is defined twice", name.text);
                let error = Diagnostic::error(codes::VALUE_TWICE, name.span, message).label("the second time");
                self.net_scope().add(error.help("use another name for one of them"));
            } else {
                self.all.insert(&name.text, name.span);
            }
        }
    }

    fn define(&mut self, name: &'a Name, shape: Option<Shape>, is_input: bool) -> usize {
        self.values.push(Defined { name, shape, is_input, is_output: false, used: false });
        let value = self.values.len() - 1;
        self.by_name.entry(&name.text).or_insert(value);
        value
    }

    fn input(&mut self, name: &'a Name, shape: &Value, sizes: &Sizes) {
        let what = format!("input `{}`", name.text);
        let dims = shape::read(&mut self.net_scope(), shape, &what, sizes);
        self.define(name, dims.as_deref().map(shape::known), true);
        self.inputs.extend(dims.map(|dims| (name.text.clone(), dims)));
    }

    fn step(&mut self, step: &'a Step) {
        let reads: Vec<Option<usize>> = step.reads.iter().map(|read| self.resolve(step, read)).collect();
        let (op, shape) = match step.op.text.as_str() {
            "conv" => self.conv(step, &reads),
            "add" | "mul" => self.elementwise(step, &reads),
            other => {
                let message = format!("there is no operation `{other}`");
                let error = Diagnostic::error(codes::UNKNOWN_OP, step.op.span, message).label("unknown");
                let help = match closest(other, OPS) {
                    Some(near) => format!("write `{near}`"),
                    None => format!("use {}", alternatives(OPS)),
                };
                self.scope("step", &step.name).add(error.help(help));
                (None, None)
            }
        };
        let value = self.define(&step.name, shape, false);
        let reads = reads.into_iter().collect::<Option<Vec<_>>>();
        self.steps.push(Computed { value, op, reads });
    }

    /// The value that a step reads by a name.
    fn resolve(&mut self, step: &Step, read: &Name) -> Option<usize> {
        if let Some(&value) = self.by_name.get(read.text.as_str()) {
            self.values[value].used = true;
            return Some(value);
        }
        let error = match self.all.contains_key(read.text.as_str()) {
            true if read.text == step.name.text => {
                let message = format!("`{}` reads itself", read.text);
                Diagnostic::error(codes::USED_BEFORE, read.span, message).help("read an input or an earlier step")
            }
            true => {
                let message = format!("`{}` is used before it is defined", read.text);
                Diagnostic::error(codes::USED_BEFORE, read.span, message)
                    .label("defined further down")
                    .help("move its definition up")
            }
            false => self.undefined(read, |_| true),
        };
        self.scope("step", &step.name).add(error);
        None
    }

    /// The error that a name stands for nothing, with the values that can be meant.
    fn undefined(&self, name: &Name, can_be: impl Fn(&Defined) -> bool) -> Diagnostic {
        let message = format!("there is no value `{}`", name.text);
        let error = Diagnostic::error(codes::UNDEFINED, name.span, message).label("not defined");
        // The names of a net are as many as the user likes, so a search for each of many errors would take long.
        if self.reports.is_full() {
            return error;
        }
        let known: Vec<&str> =
            self.values.iter().filter(|value| can_be(value)).map(|value| value.name.text.as_str()).collect();
        match closest(&name.text, known.iter().copied()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if (1..=FEW).contains(&known.len()) => error.help(format!("use {}", alternatives(known))),
            None => error,
        }
    }

    fn conv(&mut self, step: &'a Step, reads: &[Option<usize>]) -> (Option<Op>, Option<Shape>) {
        let mut scope = Scope { subject: format!("layer `{}`", step.name.text), reports: self.reports };
        if reads.len() != 1 {
            scope.add(operand_count(step, "one value"));
        }
        let read = if let [read] = reads { *read } else { None };
        let input = read.and_then(|value| self.values[value].shape.as_ref());
        let conv = conv::check(&mut scope, &step.name, &step.fields, input, Place::Conv);
        if let Some(layout) = conv.layout {
            self.layout(step, layout);
        }
        (conv.layer.map(Op::Conv), conv.output)
    }

    fn layout(&mut self, step: &Step, layout: Spanned<Layout>) {
        let Some(first) = self.layout else {
            self.layout = Some(layout);
            return;
        };
        if first.value != layout.value {
            let (this, other) = (layout.value.name(), first.value.name());
            let message = format!("its layout is {this}, but the net's first layer has {other}");
            let error = Diagnostic::error(codes::LAYOUT_MISMATCH, layout.span, message).label(this);
            let help = "all layers of a net have one layout: write `layout: nhwc` in each of them, or in none";
            self.scope("layer", &step.name).add(error.help(help));
        }
    }

    fn elementwise(&mut self, step: &'a Step, reads: &[Option<usize>]) -> (Option<Op>, Option<Shape>) {
        let mut scope = Scope { subject: format!("step `{}`", step.name.text), reports: self.reports };
        if reads.len() < 2 {
            scope.add(operand_count(step, "two or more values"));
        }
        if reads.len() > MOST_OPERANDS {
            let error = operand_count(step, &format!("at most {MOST_OPERANDS} values"));
            scope.add(error.help("combine some of them in a step of their own"));
        }
        let fields = collect(&mut scope, &step.fields, Place::Elementwise);
        let activation = activation::read(&mut scope, &fields);
        let mut common: Option<(&Name, Shape)> = None;
        for (name, read) in step.reads.iter().zip(reads) {
            let Some(shape) = read.and_then(|value| self.values[value].shape.as_ref()) else {
                continue;
            };
            match &mut common {
                None => common = Some((name, shape.clone())),
                Some((first, common)) => merge(&mut scope, first, common, name, shape),
            }
        }
        let op = activation.map(if step.op.text == "add" { Op::Add } else { Op::Mul });
        // A value of unknown shape is one after an error, or one whose sizes are free.
        let known = reads.iter().all(|read| read.is_some_and(|value| self.values[value].shape.is_some()));
        (op, common.filter(|_| known).map(|common| common.1))
    }

    /// The indices of the output values.
    fn outputs(&mut self) -> Vec<usize> {
        let mut outputs = Vec::new();
        let names: Vec<&Name> = self.net.statements.iter().flat_map(output_names).collect();
        for name in &names {
            let Some(&value) = self.by_name.get(name.text.as_str()) else {
                let error = self.undefined(name, |value| !value.is_input);
                self.net_scope().add(error);
                continue;
            };
            let error = |code, message| Diagnostic::error(code, name.span, message);
            if self.values[value].is_input {
                let message = format!("the output `{}` is an input itself", name.text);
                self.net_scope().add(
                    error(codes::OUTPUT_IS_INPUT, message)
                        .label("an input")
                        .help("outputs are steps; whoever gives an input has it already"),
                );
            } else if self.values[value].is_output {
                let message = format!("`{}` is an output twice", name.text);
                self.net_scope().add(error(codes::OUTPUT_TWICE, message).label("the second time").help("remove it"));
            }
            self.values[value].used = true;
            self.values[value].is_output = true;
            outputs.push(value);
        }
        let span = self.net.name.span;
        if !self.net.statements.iter().any(|statement| matches!(statement, Statement::Input { .. })) {
            let error = Diagnostic::error(codes::NO_INPUT, span, "there is no input");
            self.net_scope().add(error.help("add for example `input image: [1, 3, H, W];`"));
        }
        if names.is_empty() {
            let error = Diagnostic::error(codes::NO_OUTPUT_STATEMENT, span, "there is no output");
            let last = self.values.last().map_or("name", |value| value.name.text.as_str());
            self.net_scope().add(error.help(format!("add `output {last};`")));
        }
        outputs
    }

    fn warn_unused(&mut self) {
        let unused: Vec<&Name> = self.values.iter().filter(|value| !value.used).map(|value| value.name).collect();
        for name in unused {
            let warning = Diagnostic::warning(codes::UNUSED, name.span, format!("`{}` is never used", name.text));
            self.net_scope().add(warning.help("use it, make it an output, or remove it"));
        }
    }

    /// The net without errors: complete, or open where sizes are free.
    fn finish(self, outputs: Vec<usize>) -> Checked {
        let output_names = outputs.iter().map(|&value| self.values[value].name.text.clone()).collect();
        let is_open = self.inputs.iter().flat_map(|input| &input.1).any(|dim| matches!(dim, Dim::Free(_)));
        let layout = self.layout.map_or(Layout::Nchw, |layout| layout.value);
        if is_open {
            return Checked::Open(open::new(&self.net.name.text, false, self.inputs, output_names, layout));
        }
        // Inputs come first in a net, wherever they stand in the source.
        let (inputs, steps): (Vec<usize>, Vec<usize>) =
            (0..self.values.len()).partition(|&value| self.values[value].is_input);
        let order = [inputs, steps].concat();
        let mut ids = vec![ValueId(0); order.len()];
        order.iter().enumerate().for_each(|(id, &value)| ids[value] = ValueId(id));
        let size = |dim: Dim| if let Dim::Known(size) = dim { size } else { 0 };
        let shape = |dims: Vec<Dim>| dims.into_iter().map(size).collect();
        let inputs = self.inputs.into_iter().map(|(name, dims)| Input { name, shape: shape(dims) }).collect();
        let values = &self.values;
        let steps = self.steps.into_iter().filter_map(|step| {
            let reads = step.reads?.into_iter().map(|read| ids[read]).collect();
            Some(NetStep { name: values[step.value].name.text.clone(), op: step.op?, reads })
        });
        Checked::Net(Net {
            name: self.net.name.text.clone(),
            standalone: false,
            layout,
            inputs,
            steps: steps.collect(),
            outputs: outputs.into_iter().map(|output| ids[output]).collect(),
        })
    }
}

fn output_names(statement: &Statement) -> &[Name] {
    match statement {
        Statement::Output { names } => names,
        Statement::Input { .. } | Statement::Step(_) => &[],
    }
}

fn operand_count(step: &Step, wants: &str) -> Diagnostic {
    let op = &step.op.text;
    let has = count(step.reads.len(), "value", "values");
    let error = Diagnostic::error(codes::OPERAND_COUNT, step.op.span, format!("`{op}` reads {wants}, not {has}"));
    error.help(if op == "conv" { "write `conv(x) { … }`".to_string() } else { format!("write `{op}(a, b)`") })
}

/// Checks that an operand has the shape that the operands so far have in common, and adds what it knows of it.
fn merge(scope: &mut Scope, first: &Name, common: &mut Shape, name: &Name, shape: &Shape) {
    let differs = |(a, b): (&Option<usize>, &Option<usize>)| a.zip(*b).is_some_and(|(a, b)| a != b);
    let dimension = common.iter().zip(shape).position(differs);
    if common.len() == shape.len() && dimension.is_none() {
        common.iter_mut().zip(shape).for_each(|(common, size)| *common = common.or(*size));
        return;
    }
    let (a, b) = (shown_shape(common), shown_shape(shape));
    let message = format!("`{}` is {b}, but `{}` is {a}", name.text, first.text);
    let error = Diagnostic::error(codes::SHAPE_MISMATCH, name.span, message).label(b);
    let size = |shape: &Shape, dimension: usize| shape[dimension].unwrap_or_default();
    scope.add(match dimension {
        Some(dimension) if common.len() == shape.len() => {
            let part = match dimension {
                0 => "batch".to_string(),
                1 => "channel count".to_string(),
                _ => format!("size in axis {}", dimension - 2),
            };
            let (common, shape) = (size(common, dimension), size(shape, dimension));
            error.help(format!("the operands have one shape; here the {part} differs: {shape} and {common}"))
        }
        _ => error.help("the operands have one shape; here the number of spatial axes differs"),
    });
}
