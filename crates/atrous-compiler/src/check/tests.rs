//! What padding words, output sizes, warnings and free sizes mean, against their definitions.

use crate::codes;
use crate::front::{Front, Model, OpenNet, Sizes, text};
use crate::layer::LayerAxis;

fn front(input: usize, fields: &str) -> Front {
    text(&format!("layer a {{ input: [1, 1, {input}], channels: 1, {fields} }}"), &Sizes::new())
}

/// The axis of a one-dimensional layer, if it has no error.
fn axis(input: usize, fields: &str) -> Option<LayerAxis> {
    match front(input, fields).models.into_iter().next()? {
        Model::Net(net) => net.layers().next().map(|layer| layer.axes[0]),
        Model::Open(_) => None,
    }
}

/// Every small input, kernel, stride and dilation.
fn geometries() -> impl Iterator<Item = (usize, usize, usize, usize)> {
    let small = |most: usize| 1..=most;
    small(7).flat_map(move |input| {
        small(4).flat_map(move |kernel| {
            small(4).flat_map(move |stride| small(3).map(move |dilation| (input, kernel, stride, dilation)))
        })
    })
}

fn written(kernel: usize, stride: usize, dilation: usize) -> String {
    format!("kernel: {kernel}, stride: {stride}, dilation: {dilation}")
}

#[test]
fn same_is_the_least_padding_that_gives_input_over_stride_outputs() {
    for (input, kernel, stride, dilation) in geometries() {
        let fields = written(kernel, stride, dilation);
        let same = axis(input, &format!("{fields}, padding: same")).unwrap();
        let lower = axis(input, &format!("{fields}, padding: same_lower")).unwrap();
        let [lo, hi] = same.padding;
        assert_eq!(lower.padding, [hi, lo]);
        assert!(lo == hi || lo + 1 == hi, "{fields}: {lo} and {hi}");
        let outputs = input.div_ceil(stride);
        assert_eq!(same.output(false), outputs, "{fields}");
        let less = LayerAxis { padding: [lo, hi - 1], ..same };
        assert!(lo + hi == 0 || less.checked_output(false) < Some(outputs as i64), "{fields} has less padding");
    }
}

#[test]
fn transposed_same_gives_stride_times_input_outputs() {
    for (input, kernel, stride, dilation) in geometries() {
        let fields = written(kernel, stride, dilation) + ", transposed";
        let ambiguous = dilation * (kernel - 1) + 1 < stride;
        for output_padding in 0..stride.max(dilation) {
            let given = format!("{fields}, padding: same, output_padding: {output_padding}");
            let Some(same) = axis(input, &given) else {
                assert!(ambiguous, "{given} has an error");
                assert!(front(input, &given).diagnostics.iter().any(|error| error.code == codes::AMBIGUOUS_SAME));
                continue;
            };
            assert_eq!(same.output(true), input * stride, "{given}");
        }
    }
}

#[test]
fn causal_outputs_see_no_later_input() {
    for (input, kernel, stride, dilation) in geometries() {
        let causal = axis(input, &format!("{}, padding: causal", written(kernel, stride, dilation))).unwrap();
        assert_eq!(causal.padding, [(dilation * (kernel - 1)) as i64, 0]);
        assert_eq!(causal.output(false), input.div_ceil(stride));
    }
}

/// The only error of a layer: its code and its message.
fn error(fields: &str) -> String {
    let front = text(&format!("layer a {{ {fields} }}"), &Sizes::new());
    assert!(front.models.is_empty(), "{fields} has no error");
    front.diagnostics.iter().map(|error| format!("{}: {}", error.code, error.message)).collect::<Vec<_>>().join("\n")
}

/// The compiler looks at each position that repeats an input.
#[test]
fn words_may_not_repeat_more_inputs_than_numbers_may() {
    let fields = |padding| format!("input: [1, 1, 4], channels: 1, {padding}");
    let errors = [
        "kernel: 3, padding: 65537, padding_mode: replicate",
        "kernel: 3, dilation: 1000000000, padding: same, padding_mode: replicate",
        "kernel: 2, dilation: 131074, padding: same_lower, padding_mode: circular",
        "kernel: 2, dilation: 1000000000, padding: causal, padding_mode: reflect",
    ]
    .map(|padding| error(&fields(padding)));
    insta::assert_snapshot!(errors.join("\n"), @r"
    A0223: layer `a`: a padding that repeats inputs is at most 65536, not 65537 (axis 0)
    A0223: layer `a`: a padding that repeats inputs is at most 65536, not 1000000000 (axis 0)
    A0223: layer `a`: a padding that repeats inputs is at most 65536, not 65537 (axis 0)
    A0223: layer `a`: a padding that repeats inputs is at most 65536, not 1000000000 (axis 0)
    ");
    for most in ["same, dilation: 65536", "same_lower, dilation: 65536", "causal, dilation: 32768"] {
        assert!(axis(4, &format!("kernel: 3, padding: {most}, padding_mode: replicate")).is_some(), "{most}");
        let zeros = most.replace("65536", "1000000000").replace("32768", "1000000000");
        assert!(axis(4, &format!("kernel: 3, padding: {zeros}")).is_some(), "{zeros}");
    }
}

/// The padded input is a tensor of its own.
#[test]
fn an_input_with_the_padding_that_repeats_it_is_no_larger_than_a_tensor_may_be() {
    let image = |mode| {
        format!(
            "input: [1, 65536, 1, 1, 1], channels: 1, kernel: 1, stride: 200000, padding: 65536, padding_mode: {mode}"
        )
    };
    let errors = [
        error(&image("replicate")),
        error("input: [1, 4096, 16384, 16384], channels: 1, kernel: 5, stride: 512, padding: 2, padding_mode: reflect"),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    A0223: layer `a`: the padded input [1, 65536, 131073, 131073, 131073] has 147577330315166810112 elements; the most is 1099511627776 (2^40)
    A0223: layer `a`: the padded input [1, 4096, 16388, 16388] has 1100048564224 elements; the most is 1099511627776 (2^40)
    ");
    assert!(!text(&format!("layer a {{ {} }}", image("zeros")), &Sizes::new()).models.is_empty());
}

#[test]
fn an_output_size_is_reached_or_refused() {
    for (input, kernel, stride, dilation) in geometries() {
        let fields = written(kernel, stride, dilation) + ", transposed";
        let least = axis(input, &fields).unwrap().output(true);
        for size in least.saturating_sub(2).max(1)..least + stride + dilation {
            let reachable = (least..least + stride.max(dilation)).contains(&size);
            let given = format!("{fields}, output_size: {size}");
            match axis(input, &given) {
                Some(axis) => assert_eq!((axis.output(true), reachable), (size, true), "{given}"),
                None => assert!(!reachable, "{given} has an error"),
            }
        }
    }
}

#[test]
fn warnings_tell_which_outputs_see_no_input() {
    for (input, kernel, stride, dilation) in geometries() {
        for (lo, hi, transposed) in
            [(0, 0, false), (2, 0, false), (9, 5, false), (0, 0, true), (-1, 1, true), (1, -3, true)]
        {
            let flag = if transposed { ", transposed" } else { "" };
            let fields = format!("{}, padding: [[{lo}, {hi}]]{flag}", written(kernel, stride, dilation));
            let front = front(input, &fields);
            let Some(axis) = axis(input, &fields) else { continue };
            let blind = |output: usize| !sees_input(&axis, output, transposed);
            let outputs = axis.output(transposed);
            let warned = |code| front.diagnostics.iter().any(|diagnostic| diagnostic.code == code);
            let ends = warned(codes::ONLY_PADDING);
            // Between the ends, taps may step over all inputs: that is a matter of gaps.
            let first_or_last = blind(0) || blind(outputs - 1);
            assert!(!ends || first_or_last, "{fields}, input {input}: warned of ends that see an input");
            if dilation == 1 && (stride <= kernel || !transposed) {
                assert_eq!(ends, first_or_last, "{fields}, input {input}");
            }
            if warned(codes::NO_TAPS) {
                assert!((0..outputs).any(blind), "{fields}, input {input}: warned of gaps where there are none");
            }
        }
    }
}

/// Whether a tap of an output falls on an input: `i = s·o + d·k − lo`, transposed `o = s·i + d·k − lo`.
fn sees_input(axis: &LayerAxis, output: usize, transposed: bool) -> bool {
    let [stride, dilation, input] = [axis.stride, axis.dilation, axis.input].map(|number| number as i64);
    (0..axis.kernel as i64).any(|tap| match transposed {
        false => (0..input).contains(&(stride * output as i64 + dilation * tap - axis.padding[0])),
        true => (0..input).any(|input| stride * input + dilation * tap - axis.padding[0] == output as i64),
    })
}

const OPEN: &str = "net n {
    input a: [N, 3, H, W];
    input b: [N, 4, H, 8];
    c = conv(a) { channels: 4, kernel: 3, padding: same };
    d = add(b, c);
    output d;
}";

fn open(sizes: &Sizes) -> OpenNet {
    match text(OPEN, sizes).models.remove(0) {
        Model::Open(open) => open,
        Model::Net(net) => panic!("all sizes are known:\n{net}"),
    }
}

#[test]
fn free_sizes_follow_from_shapes() {
    let net = open(&Sizes::new());
    assert_eq!(net.free, ["N", "H", "W"]);
    assert_eq!(net.outputs, ["d"]);
    let sizes = net.sizes_for(&[vec![2, 3, 5, 8], vec![2, 4, 5, 8]]).unwrap();
    let front = text(OPEN, &sizes);
    assert_eq!(front.diagnostics, []);
    let Model::Net(net) = &front.models[0] else { panic!("not all sizes are bound") };
    assert_eq!(net.value_shape(net.outputs[0]), [2, 4, 5, 8]);

    let half = open(&[("N".to_string(), 2), ("W".to_string(), 8)].into());
    assert_eq!(half.free, ["H"]);
    assert_eq!(half.inputs[0].1.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2", "3", "H", "8"]);
}

#[test]
fn shapes_that_do_not_fit_are_explained() {
    let net = open(&Sizes::new());
    let explain = |shapes: &[&[usize]]| {
        let shapes: Vec<Vec<usize>> = shapes.iter().map(|shape| shape.to_vec()).collect();
        net.sizes_for(&shapes).unwrap_err()
    };
    let messages = [
        explain(&[&[1, 3, 5, 8]]),
        explain(&[&[1, 3, 5], &[1, 4, 5, 8]]),
        explain(&[&[1, 5, 5, 8], &[1, 4, 5, 8]]),
        explain(&[&[1, 3, 5, 8], &[1, 4, 6, 8]]),
        explain(&[&[1, 3, 0, 8], &[1, 4, 6, 8]]),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    `n` has 2 inputs, but 1 is given
    input `a` has the shape [N, 3, H, W], but [1, 3, 5] is given
    the channel count of input `a` is 3, but 5 is given
    the size of input `b` in axis 0 is 6, but H stands for 5 in an earlier place
    the size of input `a` in axis 0 is 0; sizes are 1 to 2147483647
    ");
}
