//! Snapshots of every spec at every level, under `tests/snapshots/`.
//!
//! A text of more than [`MOST_LINES`] lines has none: nobody would read it, and what it shows is in smaller ones. Nor has
//! what random tests found: it combines what others show one by one; nor the gallery, which has pictures.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test -p atrous-tests golden`, then read the difference.

use atrous_compiler::emit::{self, Options};
use atrous_compiler::net::Net;
use atrous_compiler::{Checked, Plan, Target, compile, lower, passes};
use atrous_tests::specs::{self, Spec};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A level's name, and the text of a net at that level.
pub type Level = (&'static str, fn(&Net) -> String);

/// The levels.
pub const LEVELS: &[Level] = &[("layer", layer), ("ir", ir), ("plan", plan), ("rust", rust), ("clif", clif)];

/// A longer text has no snapshot.
const MOST_LINES: usize = 700;

/// The text of a spec at a level, if it has a snapshot.
pub fn text(spec: &Spec, of: fn(&Net) -> String) -> Option<String> {
    let is_shown = !spec.is_regression() && !spec.is_in_gallery();
    is_shown.then(|| of(&spec.net())).filter(|text| text.lines().count() <= MOST_LINES)
}

/// The canonical text of the spec.
fn layer(net: &Net) -> String {
    net.to_string()
}

/// The graph as lowered and after each pass that changed it.
fn ir(net: &Net) -> String {
    let lowered = lower::lower(net);
    let mut text = format!("// as lowered\n{lowered}");
    passes::run(lowered, &mut |pass, graph, changed| {
        let _ = match changed {
            true => write!(text, "\n// after {}: {}\n{graph}", pass.name, pass.ensures),
            false => write!(text, "\n// after {}: unchanged\n", pass.name),
        };
    });
    text
}

fn planned(net: &Net) -> Checked<Plan> {
    compile(net, &Target::portable()).unwrap_or_else(|error| panic!("{error}"))
}

fn plan(net: &Net) -> String {
    planned(net).to_string()
}

fn rust(net: &Net) -> String {
    emit::source(net, &[planned(net)], &Options::default()).expect("the default options are right")
}

fn clif(net: &Net) -> String {
    atrous_jit::clif(&planned(net))
}

/// Compares one level of every spec with its snapshot, and reports all that differ.
fn check(level: &str) {
    let (_, of) = LEVELS.iter().find(|(name, _)| *name == level).expect("a level");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path(specs::root().join("tests/snapshots"));
    let differs = |spec: &Spec| {
        let Some(text) = text(spec, *of) else { return false };
        let snapshot = || insta::assert_snapshot!(format!("{}.{level}", spec.name), text);
        catch_unwind(AssertUnwindSafe(|| settings.bind(snapshot))).is_err()
    };
    let different: Vec<String> = specs::all().into_iter().filter(differs).map(|spec| spec.name).collect();
    assert!(different.is_empty(), "{level} of {}", different.join(", "));
}

#[test]
fn golden_layers() {
    check("layer");
}

#[test]
fn golden_graphs() {
    check("ir");
}

#[test]
fn golden_plans() {
    check("plan");
}

#[test]
fn golden_rust() {
    check("rust");
}

#[test]
fn golden_clif() {
    check("clif");
}
