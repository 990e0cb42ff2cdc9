//! Layers and nets that are large in one way or another are planned without going through all of it.

use crate::front::{self, Model, Sizes};
use crate::plan::eval;
use crate::{Target, compile};

/// Operands are not all in registers at once.
#[test]
fn many_operands_are_combined() {
    let spec = format!("net n {{ input x: [1, 1, 21]; y = add({}x); z = mul(y, x); output z; }}", "x, ".repeat(255));
    let mut models = front::text(&spec, &Sizes::new()).models;
    let Some(Model::Net(net)) = models.pop() else { panic!("the spec has an error") };
    let input: Vec<f32> = (0..21).map(|number| number as f32 - 10.0).collect();
    let expected: Vec<f32> = input.iter().map(|number| 256.0 * number * number).collect();
    for target in Target::all() {
        let plan = compile(&net, &target).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(eval::run(&plan, &[], &[&input]).unwrap(), std::slice::from_ref(&expected), "{}", target.name);
    }
}

/// They would take minutes if each buffer, name or read looked at all stages, buffers or nodes.
#[test]
fn long_nets_are_planned() {
    let pair = |number| {
        let operands = format!("c{number}, ").repeat(127);
        let sum = format!("l{} = add({operands}l{number});", number + 1);
        format!("c{number} = conv(l{number}) {{ channels: 1, kernel: 1 }}; {sum}")
    };
    let pairs: String = (0..1000).map(pair).collect();
    let spec = format!("net n {{ input l0: [1, 1, 2]; {pairs} output l1000; }}");
    let mut models = front::text(&spec, &Sizes::new()).models;
    let Some(Model::Net(net)) = models.pop() else { panic!("the spec has an error") };
    let plan = compile(&net, &Target::portable()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((plan.run.len(), plan.scratch_len), (2000, 48));
}

/// Each would take minutes and gigabytes if combinations, positions or steps were walked one by one.
#[test]
fn large_layers_are_planned() {
    let layers = [
        "input: [1, 1, 65536], channels: 1, kernel: 65536, padding: same",
        "input: [1, 1, 1024, 1024], channels: 1, kernel: 1024, padding: same",
        "input: [1, 1, 100, 100, 100], channels: 1, kernel: 100, padding: same",
        "input: [1, 1000000, 3], channels: 1000000, kernel: 3, depthwise",
        "input: [1, 2000000, 3], channels: 2000000, kernel: 3, groups: 1000000, padding: 1",
        "input: [1, 1, 3], channels: 1, kernel: 3, stride: 65536, transposed",
        "input: [1, 1, 3, 3], channels: 1, kernel: 3, stride: 1000, transposed",
        "input: [1, 1, 3], channels: 1, kernel: 65536, stride: 65536, transposed",
        "input: [1, 1, 8, 8], channels: 1, kernel: 3, padding: 60000, padding_mode: replicate",
        "input: [1, 1, 3000, 3000], channels: 1, kernel: 3, padding: 2999, padding_mode: reflect",
        "input: [1, 1, 2147483647], channels: 1, kernel: 3, stride: 1000000000, padding: 1, padding_mode: reflect",
        "input: [1000000000, 1, 1], channels: 1, kernel: 1",
        "input: [1, 1, 1000000000], channels: 1, kernel: 3, stride: 500000000",
        "input: [1, 1, 30000, 30000], channels: 1, kernel: 1",
        "input: [1, 1, 30000, 30000], channels: 1, kernel: 1, layout: nhwc",
    ];
    for layer in layers {
        are_planned(layer, &[Target::portable(), Target::avx512()]);
    }
}

/// What they cost is beyond 64 bits, or products on the way to it are.
#[test]
fn costs_may_be_large() {
    let far_apart = [
        "input: [1, 2, 4], channels: 1, kernel: 1, stride: 2147483647",
        "input: [1, 2, 4, 4], channels: 1, kernel: 1, stride: 2147483647",
        "input: [1, 2147483647, 1], channels: 1, kernel: 1, stride: 2147483647",
        "input: [1, 64, 4], channels: 64, kernel: 1, stride: 268435456",
        "input: [1, 64, 536870912], channels: 64, kernel: 1, stride: 268435456",
        "input: [1, 1, 1048576, 1048576], channels: 1, kernel: [1024, 32], stride: 524288",
        "input: [1, 8, 16384, 16384, 256], channels: 8, kernel: [1024, 32, 32], stride: [8192, 8192, 128]",
    ];
    for layout in ["nchw", "nhwc"] {
        for layer in far_apart {
            are_planned(&format!("{layer}, layout: {layout}"), &Target::all());
        }
    }
    let much_work = [
        "input: [1, 2147483647, 1, 1], channels: 1, kernel: 1, padding: 524287",
        "input: [1, 1048576, 1048576], channels: 1048576, kernel: 1",
        "input: [1, 1024, 32, 33554432], channels: 32768, kernel: 32",
    ];
    for layer in much_work {
        are_planned(layer, &[Target::portable(), Target::avx512_dual()]);
    }
}

fn are_planned(layer: &str, targets: &[Target]) {
    let mut models = front::text(&format!("layer a {{ {layer} }}"), &Sizes::new()).models;
    let Some(Model::Net(net)) = models.pop() else { panic!("{layer} has an error") };
    for target in targets {
        compile(&net, target).unwrap_or_else(|error| panic!("{layer}: {error}"));
    }
}
