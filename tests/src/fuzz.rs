//! What must hold whatever bytes are read: the targets of fuzzing, which the tests run on inputs that were wrong once.
//!
//! All of it panics when something does not hold.

use crate::{data, differential, executors, layers, nets, specs};
use arbitrary::Unstructured;
use atrous_cli::failure::{Failure, Message};
use atrous_cli::memory::Limit;
use atrous_cli::report::human::{self, Text};
use atrous_cli::report::json;
use atrous_cli::report::lines::Lines;
use atrous_cli::source::Source;
use atrous_cli::tensors::{Tensor, npy, picture, weights};
use atrous_compiler::emit::{self, Options};
use atrous_compiler::front::{self, Front, Model, Sizes};
use atrous_compiler::layer::Layout;
use atrous_compiler::net::{Net, Parameter};
use atrous_compiler::syntax::LONGEST_TEXT;
use atrous_compiler::{Diagnostic, Target, explain, fmt, ir, lower};
use image::ImageFormat;
use proc_macro2::TokenStream;
use std::slice::from_ref;

/// Reads a spec as the command does, draws what is to say about it, prints what it means, and reads that again; puts it into
/// canonical form; and reads it as macro input, if it can be that.
pub fn text(bytes: &[u8]) {
    let open = front::bytes(bytes, &Sizes::new());
    check_front(bytes, &open);
    let free = open.models.iter().flat_map(|model| match model {
        Model::Net(_) => [].iter(),
        Model::Open(open) => open.free.iter(),
    });
    let sizes: Sizes = free.map(|name| (name.clone(), 8)).collect();
    if !sizes.is_empty() {
        check_front(bytes, &front::bytes(bytes, &sizes));
    }
    check_format(bytes, &open);
    if let Ok(utf8) = std::str::from_utf8(bytes) {
        check_stream(utf8, &open);
    }
}

/// Checks that the canonical form is its own, and means the same.
fn check_format(bytes: &[u8], open: &Front) {
    let Ok(formatted) = fmt::bytes(bytes) else { return };
    if formatted.len() > LONGEST_TEXT {
        return;
    }
    assert_eq!(fmt::text(&formatted).as_ref(), Ok(&formatted), "a canonical form has another");
    let again = front::text(&formatted, &Sizes::new());
    let messages = |front: &Front| -> Vec<String> {
        front.diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect()
    };
    assert_eq!(messages(open), messages(&again), "the canonical form is told of differently:\n{formatted}");
    assert_eq!(open.models, again.models, "the canonical form means something else:\n{formatted}");
}

/// Checks what is known of a source.
fn check_front(bytes: &[u8], front: &Front) {
    let source = Source { name: "spec.conv".into(), bytes: bytes.to_vec() };
    let (text, lines) = (Text::new(&source), Lines::new(bytes));
    for diagnostic in &front.diagnostics {
        check_diagnostic(bytes, diagnostic);
        check_drawn(&text.render(diagnostic));
        let _: serde_json::Value =
            serde_json::from_str(&json::diagnostic(&source, &lines, diagnostic)).expect("messages are JSON");
        atrous_compiler::render::render(&source.name, bytes, diagnostic);
    }
    if !front.has_errors() {
        let file = front.file.as_ref().expect("a source without errors has a tree");
        assert_eq!(front.models.len(), file.items.len(), "an item without errors means something");
    }
    let printed: String = front.models.iter().filter_map(closed).map(Net::to_string).collect();
    let again = front::text(&printed, &Sizes::new());
    let nets = front.models.iter().filter_map(closed);
    assert!(
        again.models.iter().filter_map(closed).eq(nets),
        "printed text means something else: {:#?}\n{printed}",
        again.diagnostics
    );
}

fn closed(model: &Model) -> Option<&Net> {
    match model {
        Model::Net(net) => Some(net),
        Model::Open(_) => None,
    }
}

fn check_diagnostic(bytes: &[u8], diagnostic: &Diagnostic) {
    let Diagnostic { message, label, help, span, .. } = diagnostic;
    assert!(span.start <= span.end && span.end <= bytes.len() + 1, "{diagnostic:?} stands nowhere");
    [Some(message), label.as_ref(), help.as_ref()].into_iter().flatten().for_each(|line| check_line(line));
}

/// Checks that something is a line, for terminals too.
fn check_line(line: &str) {
    assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?} is no line");
}

/// Checks that what the user sees has nothing for terminals but lines and styles.
fn check_drawn(drawn: &str) {
    assert!(!drawn.chars().any(|c| c.is_control() && !"\n\u{1b}".contains(c)), "{drawn:?} is more than lines");
}

/// Checks that a text means the same as macro input, if it is made of Rust's tokens.
fn check_stream(text: &str, of_text: &Front) {
    // Macros cannot tell the first from a documentation comment, and the second from a token that is wrong; and files with
    // zeros are no texts.
    if text.contains('#') && text.contains("doc") || text.contains("/*ERROR*/") || text.contains('\0') {
        return;
    }
    let Ok(stream) = text.parse::<TokenStream>() else { return };
    let (of_stream, places) = front::tokens(stream, &Sizes::new());
    let messages = |front: &Front| -> Vec<_> {
        let line = |diagnostic: &Diagnostic| (diagnostic.code, diagnostic.message.clone(), diagnostic.help.clone());
        front.diagnostics.iter().map(line).collect()
    };
    assert_eq!(of_text.has_errors(), of_stream.has_errors(), "the lexers disagree");
    assert_eq!(of_text.models, of_stream.models, "the lexers disagree");
    // What is in quotes, and most characters, mean nothing: it is enough that they are an error for both.
    if text.is_ascii() && !text.contains(['"', '\'']) {
        assert_eq!(messages(of_text), messages(&of_stream), "the lexers disagree");
        assert_eq!(of_text.tokens.len(), places.len(), "the lexers disagree");
    }
}

/// Compiles and runs a net that is drawn from bytes: its graph after each pass, its plan for one target, and its machine
/// code if there is any; compiled Rust is only written. Returns whether the net is small enough to be tried.
pub fn pipeline(bytes: &[u8]) -> bool {
    let (net, target, values) = draw(&mut Unstructured::new(bytes)).expect("any bytes make a net");
    let is_small = net.layers().all(|layer| layers::is_small(layer, MOST_OUTPUTS, MOST_MACS));
    if is_small {
        check_net(&net, &target, values).unwrap_or_else(|error| panic!("\n\n// for {}: {error}\n{net}", target.name));
    }
    is_small
}

/// Layers with more outputs, or with more useful multiply-adds, take too long.
const MOST_OUTPUTS: usize = 600;
const MOST_MACS: u64 = 4_000;

/// What machine code is run on.
#[derive(Clone, Copy)]
enum Values {
    Integers,
    Reals,
    Specials,
}

/// A net, and what of it is tried.
fn draw(bytes: &mut Unstructured) -> arbitrary::Result<(Net, Target, Values)> {
    let targets = [executors::targets(), differential::MACHINES.to_vec()].concat();
    let target = bytes.choose(&targets)?.clone();
    let values = *bytes.choose(&[Values::Integers, Values::Reals, Values::Specials])?;
    let net = match bytes.int_in_range(0..=3)? {
        0 => nets::draw(bytes)?,
        rank => Net::of_layer(layers::draw(rank, bytes)?),
    };
    Ok((net, target, values))
}

fn check_net(net: &Net, target: &Target, values: Values) -> Result<(), String> {
    let again = specs::parse(&net.to_string(), &Sizes::new())?;
    if again != *net {
        return Err(format!("the text means another net:\n{again}"));
    }
    let planar = net.clone().with_layout(Layout::Nchw);
    let data = data::integers(&planar, 1);
    ir::verify(&lower::lower(&planar))?;
    differential::check_graphs(&planar, &data, &differential::expected(&planar, &data))?;
    let data = data::integers(net, 1);
    let plan = differential::planned(net, target)?;
    let outputs = differential::widen(&executors::interpret(&plan, &data)?);
    differential::compare("interpreter", &differential::expected(net, &data), &outputs)?;
    let explained = explain::net(net, &plan);
    if explained.steps.len() != net.steps.len() || explained.total.cycles <= 0.0 {
        return Err(format!("explained as {explained:?}"));
    }
    // Of several layers some may be computed for nothing, and are left out.
    if net.standalone {
        differential::check_macs(net, target)?;
    }
    if differential::MACHINES.contains(target) {
        return Ok(());
    }
    let plans = [differential::planned(net, &Target::portable())?, plan];
    let [portable, plan] = &plans;
    emit::rust(net, if portable.target == plan.target { &plans[..1] } else { &plans }, &Options::default());
    let data = match values {
        Values::Integers => data,
        Values::Reals => data::reals(net, 2),
        Values::Specials => data::with_specials(net, 3),
    };
    differential::check_jit(plan, &data).map(drop)
}

/// Reads a file as each kind of file that tensors may be in; what can be read can also be written and read again.
pub fn tensors(bytes: &[u8]) {
    check_array(bytes);
    check_picture(bytes);
    check_weights(bytes);
}

/// Larger pictures take too long.
const LIMIT: Limit = Limit { bytes: 1 << 20 };

/// What is left of a file that can be read; of others the error is checked.
fn readable<T>(result: Result<T, Failure>) -> Option<T> {
    let failure = match result {
        Ok(value) => return Some(value),
        Err(failure) => failure,
    };
    assert!(!failure.messages.is_empty(), "a failure without a message");
    failure.messages.iter().for_each(check_message);
    None
}

fn check_message(message: &Message) {
    let message = message.clone().file("file");
    check_drawn(&human::message(&message));
    let _: serde_json::Value = serde_json::from_str(&json::message(&message)).expect("messages are JSON");
    check_line(&message.text);
    message.help.iter().for_each(|help| check_line(help));
}

fn check_array(bytes: &[u8]) {
    let Some(array) = readable(npy::parse(bytes)) else { return };
    let tensor = array.tensor();
    let written = npy::encode(&tensor);
    let again = readable(npy::parse(&written)).expect("an array that was written").tensor();
    assert_same(&tensor, &again);
}

fn check_picture(bytes: &[u8]) {
    let Some(picture) = readable(picture::decode(bytes, LIMIT)) else { return };
    picture.notes.iter().for_each(check_message);
    let channels = picture.channels();
    let planes = picture.planes(channels);
    // Samples of 16 bits are not kept, those of 8 are.
    let written = |planes: &Tensor| readable(picture::encode(planes, ImageFormat::Png)).expect("planes are a picture");
    let read = |bytes: &[u8]| readable(picture::decode(bytes, LIMIT)).expect("a picture that was written");
    let once = read(&written(&planes)).planes(channels);
    assert_eq!(planes.shape, once.shape);
    assert_same(&once, &read(&written(&once)).planes(channels));
}

fn check_weights(bytes: &[u8]) {
    let parameter =
        |kind: &str, shape: &[usize]| Parameter { layer: "a".into(), name: format!("a.{kind}"), shape: shape.to_vec() };
    let parameters = [parameter("weight", &[2, 1, 3]), parameter("bias", &[2])];
    let Some((tensors, warnings)) = readable(weights::parse(bytes, &parameters)) else { return };
    warnings.iter().for_each(check_message);
    let lengths: Vec<usize> = tensors.iter().map(Vec::len).collect();
    assert_eq!(lengths, [6, 2], "tensors are as long as their parameters");
}

/// Checks that two tensors have the same bits; NaNs are equal.
fn assert_same(left: &Tensor, right: &Tensor) {
    assert_eq!(left.shape, right.shape);
    differential::compare_bits(["read", "read again"], from_ref(&left.data), from_ref(&right.data)).unwrap();
}
