//! Every schedule that there is to choose from adds in the same order, so that tuning changes no bit: in the interpreter, and
//! some of them as machine code.

use atrous_compiler::front::{self, Model, Sizes};
use atrous_compiler::layer::Layout;
use atrous_compiler::net::Net;
use atrous_compiler::{Target, compile_with};
use atrous_tests::{data, differential, executors};

/// One layer of each kind of tile and of copy, small enough to interpret with all its schedules.
const LAYERS: &str = "
    layer ordinary { input: [1, 6, 5, 9], channels: 9, kernel: 3, padding: 1, bias }
    layer few_outputs { input: [1, 6, 4, 19], channels: 2, kernel: 3, padding: 1, bias }
    layer few_inputs { input: [1, 1, 6, 18], channels: 3, kernel: 3, stride: 2, padding: 1 }
    layer narrow_groups { input: [1, 8, 4, 18], channels: 8, kernel: 3, padding: 1, groups: 4 }
    layer depthwise { input: [1, 5, 6, 17], channels: 5, kernel: 3, padding: 1, groups: 5 }
    layer up { input: [1, 5, 3, 17], channels: 3, kernel: 4, stride: 2, padding: 1, transposed }
    layer up_to_one { input: [1, 5, 3, 16], channels: 1, kernel: 5, stride: 3, dilation: 2, padding: 2, transposed }
    layer up_far { input: [1, 60, 2, 3], channels: 9, kernel: 4, stride: 2, padding: 1, transposed }
    layer row { input: [1, 6, 40], channels: 10, kernel: 3, dilation: 2, padding: 2 }
    layer volume { input: [1, 3, 3, 4, 16], channels: 2, kernel: 2, bias }
";

fn nets() -> Vec<Net> {
    let front = front::text(LAYERS, &Sizes::new());
    assert!(!front.has_errors(), "{:?}", front.diagnostics);
    let net = |model| match model {
        Model::Net(net) => net,
        Model::Open(_) => panic!("a size is free"),
    };
    front.models.into_iter().map(net).collect()
}

/// The outputs with the schedule of a rank, and how many there are.
fn run(net: &Net, target: &Target, rank: usize, data: &data::Data) -> (Vec<Vec<f32>>, usize) {
    let mut schedules = 0;
    let mut choose = |_: &str, ranked: &[_]| {
        schedules = ranked.len();
        rank
    };
    let plan = compile_with(net, target, &mut choose).unwrap();
    let outputs = executors::interpret(&plan, data).unwrap();
    if rank % 6 == 1 && executors::targets().contains(target) {
        let same = executors::jit(&plan, data)
            .and_then(|jit| differential::compare_bits(["interpreter", "JIT"], &outputs, &jit));
        assert!(same.is_ok(), "{} for {}, schedule {rank}: {same:?}", net.name, target.name);
    }
    (outputs, schedules)
}

#[test]
fn all_schedules_of_a_layer_sum_in_the_same_order() {
    for net in nets() {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            let net = net.clone().with_layout(layout);
            let data = data::reals(&net, 1);
            for target in Target::all() {
                let (first, schedules) = run(&net, &target, 0, &data);
                for rank in 1..schedules {
                    let (other, _) = run(&net, &target, rank, &data);
                    let names = ["the first schedule", "another"];
                    let same = differential::compare_bits(names, &first, &other);
                    assert!(same.is_ok(), "{} {layout:?} for {}, schedule {rank}: {same:?}", net.name, target.name);
                }
            }
        }
    }
}
