//! Every spec on every executor, in both memory orders; and each layer of each net by itself.

use atrous::{jit, rt};
use atrous_compiler::Target;
use atrous_compiler::front;
use atrous_compiler::layer::Layout;
use atrous_compiler::net::Net;
use atrous_tests::compiled;
use atrous_tests::data::{self, Data};
use atrous_tests::differential::{self, Expected};
use atrous_tests::executors;
use atrous_tests::specs::{self, Spec};
use std::env;
use std::process::Command;

/// Runs a check on every spec, and reports all that fail.
fn for_every_spec(check: impl Fn(&Spec, &Net) -> Result<(), String>) {
    let failure = |spec: Spec| check(&spec, &spec.net()).err().map(|error| format!("{}: {error}", spec.name));
    let failures: Vec<String> = specs::all().into_iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Each layer of a net as a net by itself; nothing for what is one already.
fn lone_layers(net: &Net) -> Vec<Net> {
    net.layers().filter(|_| !net.standalone).map(|layer| Net::of_layer(layer.clone())).collect()
}

fn in_both_layouts(net: &Net) -> [Net; 2] {
    [Layout::Nchw, Layout::Nhwc].map(|layout| net.clone().with_layout(layout))
}

fn named(net: &Net, result: Result<(), String>) -> Result<(), String> {
    result.map_err(|error| format!("{} in {:?}: {error}", net.name, net.layout))
}

#[test]
fn only_some_specs_are_warned_about() {
    let warned = |spec: &Spec| !front::text(&spec.text, &spec.sizes).diagnostics.is_empty();
    let names: Vec<String> = specs::all().into_iter().filter(warned).map(|spec| spec.name).collect();
    assert_eq!(names, specs::WARNED);
}

#[test]
fn canonical_text_means_the_same() {
    for_every_spec(|_, net| {
        in_both_layouts(net).iter().try_for_each(|net| {
            let text = net.to_string();
            let again = specs::parse(&text, &Default::default()).map_err(|error| format!("{error}\n{text}"))?;
            if again == *net { Ok(()) } else { Err(format!("another net than before:\n{text}")) }
        })
    });
}

#[test]
fn graphs_after_every_pass() {
    for_every_spec(|_, net| {
        let net = net.clone().with_layout(Layout::Nchw);
        lone_layers(&net).iter().chain([&net]).try_for_each(|net| {
            let data = data::integers(net, 1);
            named(net, differential::check_graphs(net, &data, &differential::expected(net, &data)))
        })
    });
}

#[test]
fn plans_and_compiled_rust() {
    let target = jit::target().expect("a target of this machine");
    for_every_spec(|spec, net| {
        in_both_layouts(net).iter().try_for_each(|net| named(net, check_back_ends(&spec.name, net, &target)))
    });
}

#[test]
fn compiled_rust_of_other_instruction_sets() {
    passes_with_other_instruction_sets("specs::plans_and_compiled_rust");
}

/// Runs a test for the instruction sets of this machine that are not chosen when nothing asks for one: compiled Rust
/// chooses by a variable of its process.
pub fn passes_with_other_instruction_sets(test: &str) {
    let here = jit::target().expect("a target of this machine");
    let others = Target::all().into_iter().filter(|target| *target != here);
    for target in others {
        if !rt::available().contains(&target.name) {
            continue;
        }
        let arguments = ["--exact", test, "--nocapture"];
        let suite = Command::new(env::current_exe().expect("the suite is a file"))
            .args(arguments)
            .env("ATROUS_TARGET", target.name)
            .output()
            .expect("the suite starts again");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(suite.status.success(), "{}: {}{}", target.name, text(&suite.stdout), text(&suite.stderr));
        assert!(text(&suite.stdout).contains("1 passed"), "{}", text(&suite.stdout));
    }
}

/// The interpreter against the oracle, and both back ends against the interpreter, bit for bit. What activations make of
/// infinities is a matter of taste, but all executors share it.
fn check_back_ends(spec: &str, net: &Net, target: &Target) -> Result<(), String> {
    let plan = differential::planned(net, target)?;
    let check = |data: &Data, expected: Option<Vec<Expected>>| {
        let interpreted = differential::check_jit(&plan, data)?;
        if let Some(expected) = expected {
            differential::compare("interpreter", &expected, &differential::widen(&interpreted))?;
        }
        differential::compare_bits(["interpreter", "compiled Rust"], &interpreted, &compiled::run(spec, net, data)?)
    };
    let (integers, reals, specials) = (data::integers(net, 1), data::reals(net, 2), data::with_specials(net, 3));
    check(&integers, Some(differential::expected(net, &integers)))?;
    check(&reals, Some(differential::expected_of_reals(net, &reals)))?;
    check(&specials, None)?;
    check(&data::denormals(net, 4), None)
}

#[test]
fn plans_of_lone_layers() {
    for_every_spec(|_, net| {
        lone_layers(net).iter().flat_map(in_both_layouts).try_for_each(|net| {
            let data = data::integers(&net, 1);
            let expected = differential::expected(&net, &data);
            executors::targets().iter().try_for_each(|target| {
                let result = differential::check_plan(&net, target, &data, &expected);
                named(&net, result.map(drop).map_err(|error| format!("for {}: {error}", target.name)))
            })
        })
    });
}

#[test]
fn plans_for_wide_vectors() {
    for_every_spec(|_, net| {
        in_both_layouts(net).iter().try_for_each(|net| {
            let wide = executors::targets().into_iter().filter(|target| *target != Target::portable());
            wide.into_iter().try_for_each(|target| {
                let plan = differential::planned(net, &target)?;
                let check = |data: &Data| differential::check_jit(&plan, data).map(drop);
                let result = check(&data::integers(net, 1)).and_then(|()| check(&data::with_specials(net, 3)));
                named(net, result.map_err(|error| format!("for {}: {error}", target.name)))
            })
        })
    });
}

#[test]
fn plans_for_other_machines() {
    for_every_spec(|_, net| {
        in_both_layouts(net).iter().try_for_each(|net| {
            let data = data::integers(net, 1);
            named(net, differential::check_machines(net, &data, &differential::expected(net, &data)))
        })
    });
}

#[test]
fn multiplications_of_specs() {
    for_every_spec(|_, net| {
        in_both_layouts(net).iter().try_for_each(|net| named(net, differential::check_macs(net, &Target::portable())))
    });
}
