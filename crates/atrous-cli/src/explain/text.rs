//! Explanations for people: at most 100 columns.

use std::fmt::Write;

use atrous_compiler::explain::{
    AxisFacts, Choice, Explanation, LayerFacts, MultiplyAdds, Operation, Phase, ReceptiveField, StageFacts, StageKind,
    StepFacts, Total, unit_name,
};
use atrous_compiler::ir::{AXIS_NAMES, Progression};
use atrous_compiler::layer::{Activation, Layout};
use atrous_compiler::plan::schedule::LaneAxis;

use super::number::{bytes, count, cycles, percent, times};

/// Columns of a line.
const WIDTH: usize = 100;

/// Columns of the labels.
const LABEL: usize = 17;

/// How many phases of an axis are written; how many inputs of a receptive field.
const SHOWN: usize = 4;

/// How many taps of a phase are written one by one.
const SHOWN_TAPS: usize = 6;

/// A net, step by step, and all together.
pub fn print(explanation: &Explanation) -> String {
    let Explanation { net, layout, target, steps, total, .. } = explanation;
    let layout = match layout {
        Layout::Nchw => "channels first",
        Layout::Nhwc => "channels last",
    };
    let mut text = String::new();
    let machine = format!(
        "for {}, {layout} ({} lanes, {} registers, at most {} multiply-adds in a cycle)",
        target.name, target.lanes, target.registers, target.multiply_adds_per_cycle
    );
    wrap(&mut text, &format!("{net} "), 4, &machine);
    for step in steps {
        text.push('\n');
        print_step(&mut text, step, target.registers);
    }
    if steps.len() > 1 {
        text.push('\n');
        text.push_str(&table(steps));
        text.push('\n');
        print_total(&mut text, total);
    } else {
        memory(&mut text, total);
    }
    text
}

/// A label with what belongs to it. Empty labels continue the one above.
fn line(text: &mut String, label: &str, content: &str) {
    wrap(text, &format!("  {label:LABEL$}"), 2 + LABEL, content);
}

/// Lines that are broken between words; all but the first are indented.
fn wrap(text: &mut String, start: &str, indent: usize, content: &str) {
    let mut words = content.split(' ');
    let mut written = format!("{start}{}", words.next().unwrap_or_default());
    for word in words {
        if written.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{written}");
            written = format!("{:indent$}{word}", "");
        } else {
            let _ = write!(written, " {word}");
        }
    }
    let _ = writeln!(text, "{written}");
}

fn print_step(text: &mut String, step: &StepFacts, registers: usize) {
    let operation = match step.operation {
        Operation::Conv => "convolution",
        Operation::TransposedConv => "transposed convolution",
        Operation::Add => "sum",
        Operation::Mul => "product",
    };
    let reads: Vec<String> = step.reads.iter().map(|read| format!("{} {:?}", read.name, read.shape)).collect();
    let more = reads.len().saturating_sub(SHOWN);
    let reads = reads.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let content = format!("{operation} of {reads}{more} → {:?}", step.output);
    wrap(text, &format!("{}: ", step.name), 4, &content);
    if let Some(layer) = &step.layer {
        print_layer(text, layer);
    }
    line(text, "receptive field", &fields(&step.receptive_fields));
    if let Some(layer) = &step.layer {
        multiply_adds(text, &layer.multiply_adds);
    }
    for stage in &step.stages {
        print_stage(text, step, stage, registers);
    }
    if step.stages.is_empty() {
        line(text, "left out", "no output needs it");
    }
}

fn print_layer(text: &mut String, layer: &LayerFacts) {
    let bias = if layer.bias > 0 { format!(" and bias [{}]", layer.bias) } else { String::new() };
    let groups = if layer.groups > 1 { format!(", {} groups", layer.groups) } else { String::new() };
    let (parameters, size) = (count(layer.parameters), bytes(layer.parameter_bytes));
    line(text, "parameters", &format!("weights {:?}{bias}{groups}: {parameters}, {size}", layer.weight));
    let names = AXIS_NAMES[layer.axes.len()];
    let mut label = "output size";
    for (name, axis) in alike(names, &layer.axes, |axis| axis.output_formula.clone()) {
        line(text, label, &format!("{name}: {} = {}", axis.output_formula, axis.output));
        label = "";
    }
    let mut label = "phases";
    for (name, axis) in alike(names, &layer.axes, |axis| format!("{:?}", axis.phases)) {
        if axis.phases.count > 1 {
            line(text, label, &format!("{name}: {}", phases(axis)));
            label = "";
        }
    }
}

/// The different ones of some axes, with the names of all that are alike.
fn alike<'a>(
    names: &[&str],
    axes: &'a [AxisFacts],
    key: impl Fn(&AxisFacts) -> String,
) -> Vec<(String, &'a AxisFacts)> {
    let mut found: Vec<(String, String, &AxisFacts)> = Vec::new();
    for (name, axis) in names.iter().zip(axes) {
        let key = key(axis);
        match found.iter_mut().find(|(_, other, _)| *other == key) {
            Some((names, ..)) => *names += &format!(", {name}"),
            None => found.push((name.to_string(), key, axis)),
        }
    }
    found.into_iter().map(|(names, _, axis)| (names, axis)).collect()
}

/// `2, of up to 2 taps: outputs 2q use 0 2; outputs 2q+1 use 1`
fn phases(axis: &AxisFacts) -> String {
    let phases = &axis.phases;
    let mut text = format!("{}, of up to {} taps", phases.count, phases.most_taps);
    if phases.without_taps > 0 {
        let _ = write!(text, " ({} without any)", phases.without_taps);
    }
    let phase = |phase: &Phase| {
        let Progression { start, step, .. } = phase.outputs;
        let outputs = if start == 0 { format!("{step}q") } else { format!("{step}q+{start}") };
        format!("outputs {outputs} use {}", taps(phase.taps))
    };
    let shown: Vec<String> = phases.first.iter().take(SHOWN).map(phase).collect();
    let _ = write!(text, ": {}", shown.join("; "));
    let more = phases.count - shown.len();
    if more > 0 {
        let _ = write!(text, "; and {more} more");
    }
    text
}

fn taps(taps: Progression) -> String {
    let shown = |numbers: &mut dyn Iterator<Item = i64>| {
        numbers.map(|number| taps.at(number).to_string()).collect::<Vec<_>>().join(" ")
    };
    match taps.count {
        0 => "none".to_string(),
        few if few <= SHOWN_TAPS as i64 => shown(&mut (0..few)),
        many => format!("{} … {}", shown(&mut (0..3)), taps.at(many - 1)),
    }
}

fn fields(fields: &[ReceptiveField]) -> String {
    let by = |parts: Vec<String>| {
        let is_alike = parts.iter().all(|part| *part == parts[0]);
        if is_alike { parts[..1].concat() } else { parts.join(" × ") }
    };
    let field = |field: &ReceptiveField| {
        let known: Option<Vec<_>> = field.axes.iter().copied().collect();
        let Some(axes) = known else { return format!("of {}: without a common jump", field.input) };
        let positions: Vec<String> = axes.iter().map(|axis| count(axis.positions.unsigned_abs())).collect();
        let jumps = by(axes.iter().map(|axis| axis.jump.to_string()).collect());
        format!("{} of {}, jump {jumps}", positions.join(" × "), field.input)
    };
    let shown: Vec<String> = fields.iter().take(SHOWN).map(field).collect();
    let more = fields.len() - shown.len();
    let more = if more > 0 { format!("; and of {more} more inputs") } else { String::new() };
    shown.join("; ") + &more
}

fn multiply_adds(text: &mut String, macs: &MultiplyAdds) {
    let MultiplyAdds { nominal, useful, executed, with_zeros } = *macs;
    let of = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
    let idle = match executed - useful.min(executed) {
        0 => "no lane idle".to_string(),
        idle => format!("{} in idle lanes", percent(of(idle, executed))),
    };
    let content = format!(
        "{} useful, of {} nominal; {} executed, {idle}; {} with all zeros, {} as much as useful",
        count(useful),
        count(nominal),
        count(executed),
        count(with_zeros),
        times(of(with_zeros, useful)),
    );
    line(text, "multiply-adds", &content);
}

fn print_stage(text: &mut String, step: &StepFacts, stage: &StageFacts, registers: usize) {
    let kind = match stage.kind {
        StageKind::Contraction => "",
        StageKind::Reorder => "the input is copied in the other memory order, ",
        StageKind::Pad => "the input is copied with its borders, ",
        StageKind::Pointwise => "element by element, ",
    };
    match &stage.choice {
        Some(choice) => {
            if let Some(slow) = choice.slow {
                line(text, "SLOW PATH", &format!("{slow}"));
                line(text, "", &format!("to leave it: {}", slow.help()));
            }
            line(text, "algorithm", &algorithm(choice, step.activation));
            line(text, "tile", &choice.schedule.to_string());
            line(text, "code", &format!("{}{}", tiles(stage, registers), parts(choice)));
            line(text, "chosen", &why(choice, stage));
        }
        None => line(text, "code", &format!("{kind}{}", tiles(stage, registers))),
    }
    let packed =
        if stage.packed_bytes > 0 { format!(", {} of them packed", bytes(stage.packed_bytes)) } else { String::new() };
    let scratch = if stage.scratch_bytes > 0 {
        format!(", {} written to scratch memory", bytes(stage.scratch_bytes))
    } else {
        String::new()
    };
    let intensity = if stage.intensity > 0.0 {
        format!("; {:.2} operations for each byte", stage.intensity)
    } else {
        String::new()
    };
    line(text, "moves", &format!("{} at least{packed}{scratch}{intensity}", bytes(stage.moved_bytes)));
    line(text, "cycles", &expected(stage));
}

fn algorithm(choice: &Choice, activation: Activation) -> String {
    let taps = if choice.schedule.writes_taps_out { "taps written out" } else { "taps in loops" };
    let vectors = vectors(choice.schedule.along);
    let epilogue = if activation == Activation::None { "" } else { ", activation in registers" };
    format!("sums of products, {taps}, vectors along {vectors}{epilogue}")
}

fn vectors(along: LaneAxis) -> &'static str {
    match along {
        LaneAxis::Width => "the last axis",
        LaneAxis::OutputChannels => "output channels",
        LaneAxis::Groups => "groups",
    }
}

fn tiles(stage: &StageFacts, registers: usize) -> String {
    let shares = if stage.shares == 1 {
        "for one thread".to_string()
    } else {
        format!("{} shares for threads", count(stage.shares.unsigned_abs()))
    };
    let tiles = if stage.tiles == 1 { "1 tile".to_string() } else { format!("{} tiles", stage.tiles) };
    format!("{tiles}, up to {} of {registers} registers, {shares}", stage.registers)
}

/// Phases and borders.
fn parts(choice: &Choice) -> String {
    match choice.parts.iter().all(|&parts| parts == 1) {
        true => String::new(),
        false => {
            let parts: Vec<String> = choice.parts.iter().map(usize::to_string).collect();
            format!("; {} parts of phases and borders", parts.join(" × "))
        }
    }
}

fn why(choice: &Choice, stage: &StageFacts) -> String {
    let rank = match (choice.schedules, choice.rank) {
        (1, _) => match (choice.loops, choice.slow) {
            (Some(loops), None) => format!("because {loops}"),
            _ => "for want of another that fits".to_string(),
        },
        (all, 0) => format!("as the cheapest of {all} schedules"),
        (all, rank) => format!("by tuning; the cost model has it in place {} of {all} schedules", rank + 1),
    };
    let other = |other: &atrous_compiler::explain::Alternative| {
        format!("the best along {} costs {}", vectors(other.schedule.along), times(other.times))
    };
    let alternatives: Vec<String> = choice.alternatives.iter().map(other).collect();
    let bound = format!("bound by {}", bound(stage));
    [vec![rank], alternatives, vec![bound]].concat().join("; ")
}

/// What a stage waits for most. When even the busiest unit has little to do, it is something that no unit does.
fn bound(stage: &StageFacts) -> String {
    let busiest = stage.busy.cycles();
    match busiest < 0.6 * stage.cycles {
        true => "latencies, calls of tiles and caches".to_string(),
        false => unit_name(stage.busy.most).to_string(),
    }
}

fn expected(stage: &StageFacts) -> String {
    let (least, unit) = (stage.busy.cycles(), unit_name(stage.busy.most));
    let share = |choice: &Choice| format!(", {} of the peak", percent(choice.share_of_peak));
    let share = stage.choice.as_ref().map(share).unwrap_or_default();
    let by = match &stage.choice {
        Some(choice) if choice.is_modelled => "by the cost model",
        _ => "by counting instructions",
    };
    let least = match stage.cycles > 1.005 * least {
        true => format!("; at least {} for {unit}", cycles(least)),
        false => format!("; all of them for {unit}"),
    };
    format!("{} expected {by}{share}{least}", cycles(stage.cycles))
}

/// One line for each step.
fn table(steps: &[StepFacts]) -> String {
    let name_width = steps.iter().map(|step| step.name.chars().count()).max().unwrap_or(0).clamp(4, 24);
    let mut text = format!(
        "{:name_width$} {:>20} {:>11} {:>9} {:>6} {:>9} {:>7}\n",
        "step", "output", "parameters", "useful", "idle", "cycles", "of peak"
    );
    for step in steps {
        let stage_cycles: f64 = step.stages.iter().map(|stage| stage.cycles).sum();
        let share = step.stages.iter().filter_map(|stage| Some(stage.choice.as_ref()?.share_of_peak)).next();
        let slow = step.stages.iter().any(|stage| stage.choice.as_ref().is_some_and(|choice| choice.slow.is_some()));
        let (parameters, useful, idle) = match &step.layer {
            Some(LayerFacts { parameters, multiply_adds: MultiplyAdds { useful, executed, .. }, .. }) => {
                let idle = executed.saturating_sub(*useful) as f64 / (*executed).max(1) as f64;
                (count(*parameters), count(*useful), percent(idle))
            }
            None => Default::default(),
        };
        let _ = writeln!(
            text,
            "{:name_width$} {:>20} {parameters:>11} {useful:>9} {idle:>6} {:>9} {:>7}{}",
            shortened(&step.name, name_width),
            format!("{:?}", step.output),
            cycles(stage_cycles),
            share.map(percent).unwrap_or_default(),
            if slow { "  SLOW" } else { "" },
        );
    }
    text
}

fn shortened(name: &str, width: usize) -> String {
    match name.chars().count() > width {
        true => name.chars().take(width - 1).chain(['…']).collect(),
        false => name.to_string(),
    }
}

fn print_total(text: &mut String, total: &Total) {
    text.push_str("total\n");
    line(text, "parameters", &format!("{}, {}", count(total.parameters), bytes(total.parameter_bytes)));
    multiply_adds(text, &total.multiply_adds);
    memory(text, total);
    let moved = format!("{} at least; {:.2} operations for each byte", bytes(total.moved_bytes), total.intensity);
    line(text, "moves", &moved);
    let (expected, share) = (cycles(total.cycles), percent(total.share_of_peak));
    line(text, "cycles", &format!("{expected} expected, {share} of the peak"));
    if !total.slow.is_empty() {
        line(text, "SLOW PATH", &total.slow.join(", "));
    }
}

fn memory(text: &mut String, total: &Total) {
    let (packed, scratch, all) = (bytes(total.packed_bytes), bytes(total.scratch_bytes), bytes(total.memory_bytes));
    line(
        text,
        "memory",
        &format!("{packed} packed parameters, {scratch} scratch; {all} with all tensors of the caller's"),
    );
}
