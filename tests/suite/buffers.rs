//! Buffers of any alignment, and the smallest that there are.

use atrous::{Serial, jit};
use atrous_compiler::front;
use atrous_compiler::layer::Layout;
use atrous_compiler::net::Net;
use atrous_compiler::plan::Role;
use atrous_jit::{Kernel, supports};
use atrous_tests::data::{self, Random};
use atrous_tests::{differential, executors, specs};

/// Numbers that are so many numbers behind a boundary of 64 bytes.
struct Moved {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Moved {
    fn new(numbers: &[f32], offset: usize) -> Moved {
        let mut memory = vec![f32::NAN; numbers.len() + 32];
        let boundary = (0..16).find(|&at| memory[at..].as_ptr().addr().is_multiple_of(64)).expect("one in 16 is");
        let start = boundary + offset;
        memory[start..start + numbers.len()].copy_from_slice(numbers);
        Moved { memory, start, len: numbers.len() }
    }

    fn numbers(&self) -> &[f32] {
        &self.memory[self.start..self.start + self.len]
    }

    fn numbers_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

/// Each buffer at another offset than the one before, all of them at all offsets in the end.
fn moved(tensors: &[Vec<f32>], offset: usize) -> Vec<Moved> {
    tensors.iter().enumerate().map(|(index, tensor)| Moved::new(tensor, (offset + 5 * index) % 16)).collect()
}

fn slices(tensors: &[Moved]) -> Vec<&[f32]> {
    tensors.iter().map(Moved::numbers).collect()
}

fn check_offsets(net: &Net) -> Result<(), String> {
    let data = data::reals(net, 1);
    for target in executors::targets().iter().filter(|target| supports(target)) {
        let plan = differential::planned(net, target)?;
        let kernel = Kernel::compile(&plan).map_err(|error| error.to_string())?;
        let expected = executors::interpret(&plan, &data)?;
        for offset in 0..16 {
            let packed = kernel.pack(&slices(&moved(&data.parameters, offset))).map_err(|error| error.to_string())?;
            let nothing: Vec<Vec<f32>> = expected.iter().map(|output| vec![f32::NAN; output.len()]).collect();
            let mut outputs = moved(&nothing, offset + 3);
            let mut slots: Vec<&mut [f32]> = outputs.iter_mut().map(Moved::numbers_mut).collect();
            let inputs = moved(&data.inputs, offset + 11);
            kernel.run(&packed, &slices(&inputs), &mut slots).map_err(|error| error.to_string())?;
            let outputs: Vec<Vec<f32>> = outputs.iter().map(|output| output.numbers().to_vec()).collect();
            let name = format!("JIT for {} with an offset of {offset}", target.name);
            differential::compare_bits(["interpreter", &name], &expected, &outputs)?;
        }
    }
    Ok(())
}

#[test]
fn machine_code_takes_any_alignment() {
    for spec in specs::all() {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            let result = check_offsets(&spec.net().with_layout(layout));
            result.unwrap_or_else(|error| panic!("{} in {layout:?}: {error}", spec.name));
        }
    }
}

atrous::conv! {
    net first {
        input x: [1, 9, 6, 37];
        a = conv(x) { channels: 18, kernel: 3, padding: 1, bias, relu };
        b = conv(a) { channels: 18, kernel: 3, padding: 1, depthwise, tanh };
        c = conv(b) { channels: 5, kernel: 4, stride: 2, padding: 1, transposed };
        output c;
    }
    net last {
        input x: [1, 9, 6, 37];
        a = conv(x) { channels: 18, kernel: 3, padding: 1, bias, relu, layout: nhwc };
        b = conv(a) { channels: 18, kernel: 3, padding: 1, depthwise, tanh, layout: nhwc };
        c = conv(b) { channels: 5, kernel: 4, stride: 2, padding: 1, transposed, layout: nhwc };
        output c;
    }
}

fn reals(seed: u64, len: usize) -> Vec<f32> {
    let mut random = Random(seed);
    (0..len).map(|_| random.real()).collect()
}

/// Packs parameters, then runs in scratch memory, from an input to an output.
type Run = fn(&[&[f32]], &mut [f32], &[f32], &mut [f32]);

#[test]
fn compiled_rust_takes_any_alignment() {
    let of_first: Run = |parameters, scratch, input, output| {
        let [a_weight, a_bias, b, c] = parameters else { panic!("four tensors") };
        let a = atrous::WeightBias { weight: a_weight, bias: a_bias };
        let parameters = FirstParameters { a, b: atrous::Weight { weight: b }, c: atrous::Weight { weight: c } };
        First::new(parameters).unwrap().forward_with(&Serial, scratch, input, output).unwrap();
    };
    let of_last: Run = |parameters, scratch, input, output| {
        let [a_weight, a_bias, b, c] = parameters else { panic!("four tensors") };
        let a = atrous::WeightBias { weight: a_weight, bias: a_bias };
        let parameters = LastParameters { a, b: atrous::Weight { weight: b }, c: atrous::Weight { weight: c } };
        Last::new(parameters).unwrap().forward_with(&Serial, scratch, input, output).unwrap();
    };
    for (run, scratch) in [(of_first, First::SCRATCH_LEN), (of_last, Last::SCRATCH_LEN)] {
        let sizes = [18 * 9 * 9, 18, 18 * 9, 18 * 5 * 16, 9 * 6 * 37, scratch, 5 * 12 * 74];
        let tensors: Vec<Vec<f32>> = sizes.iter().enumerate().map(|(seed, &len)| reals(seed as u64, len)).collect();
        let mut expected = tensors.clone();
        let [a, bias, b, c, input, scratch, output] = &mut expected[..] else { panic!("seven tensors") };
        run(&[a, bias, b, c], scratch, input, output);
        for offset in 0..16 {
            let mut moved = moved(&tensors, offset);
            let [parameters @ .., input, scratch, output] = &mut moved[..] else { panic!("seven tensors") };
            run(&slices(parameters), scratch.numbers_mut(), input.numbers(), output.numbers_mut());
            assert_eq!(moved[6].numbers(), expected[6], "offset {offset}");
        }
    }
}

#[test]
fn compiled_rust_of_other_instruction_sets_takes_any_alignment() {
    crate::specs::passes_with_other_instruction_sets("buffers::compiled_rust_takes_any_alignment");
}

/// Layers whose inputs have one position in each axis, as spec text; not all of them are legal.
fn one_position(rank: usize) -> Vec<String> {
    let mut specs = Vec::new();
    for (channels, fields) in [(1, ""), (1, "bias, relu,"), (17, "bias,"), (17, "depthwise,"), (2, "groups: 2, tanh,")]
    {
        for (kernel, stride, dilation) in [(1, 1, 1), (2, 1, 1), (3, 1, 1), (3, 2, 1), (3, 1, 2), (1, 3, 1), (2, 3, 2)]
        {
            for padding in ["0", "1", "2", "same", "same_lower", "causal"] {
                for mode in ["", "transposed", "padding_mode: replicate", "padding_mode: circular"] {
                    specs.push(format!(
                        "layer one {{ input: [1, {channels}{}], channels: {channels}, kernel: {kernel}, stride: {stride}, \
                         dilation: {dilation}, padding: {padding}, {fields} {mode} }}",
                        ", 1".repeat(rank)
                    ));
                }
            }
        }
    }
    specs
}

/// Inputs of one position, and with them everything else that may be 1.
#[test]
fn inputs_of_one_position() {
    let (mut legal, mut of_one) = (0, 0);
    for net in (1..=3).flat_map(one_position).filter_map(|spec| specs::parse(&spec, &Default::default()).ok()) {
        for net in [Layout::Nchw, Layout::Nhwc].map(|layout| net.clone().with_layout(layout)) {
            let data = data::integers(&net, 1);
            let expected = differential::expected(&net, &data);
            for target in executors::targets() {
                let result = differential::check_plan(&net, &target, &data, &expected);
                result.unwrap_or_else(|error| panic!("{} for {}: {error}", net, target.name));
            }
            legal += 1;
            of_one += usize::from([&data.inputs[0], &data.parameters[0]].iter().all(|tensor| tensor.len() == 1));
        }
    }
    assert!(legal > 500 && of_one > 10, "{legal} layers, {of_one} of one element");
}

atrous::conv! {
    layer one { input: [1, 1, 1], channels: 1, kernel: 1, bias }
    layer pixel { input: [1, 2, 1, 1], channels: 3, kernel: 3, padding: 1, layout: nhwc }
    layer grows { input: [1, 1, 1, 1, 1], channels: 1, kernel: 2, stride: 2, transposed }
    net least { input x: [1, 1, 1]; sum = add(x, x); output sum; }
}

#[test]
fn compiled_rust_of_one_element() {
    assert_eq!(One::new(&[2.0], &[1.0]).unwrap().infer(&[3.0]), Ok(vec![7.0]));
    let weight: Vec<f32> = (0..54).map(|index| index as f32).collect();
    // The taps in the middle, number 4 of 9, of two channels: `18·o + 4` and `18·o + 13`.
    assert_eq!(Pixel::new(&weight).unwrap().infer(&[1.0, 10.0]), Ok(vec![134.0, 332.0, 530.0]));
    let grown = Grows::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]).unwrap().infer(&[2.0]);
    assert_eq!(grown, Ok(vec![2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0]));
    assert_eq!(Least::new().unwrap().infer(&[4.0]), Ok(vec![8.0]));
}

/// No tensor has no elements: batches, channels, taps, positions and bound sizes are 1 at least, and outputs have a position.
#[test]
fn nothing_is_empty() {
    let check = |spec: &str, sizes: &[(&str, usize)], expected: &str| {
        let error = jit::net(spec, sizes).unwrap_err().to_string();
        let first = error.lines().next().unwrap_or_default();
        assert_eq!(first, expected, "{error}");
        // What the macro and the command say is made of the same diagnostics.
        let sizes: front::Sizes = sizes.iter().map(|&(name, size)| (name.to_string(), size)).collect();
        assert!(front::text(spec, &sizes).has_errors());
    };
    check(
        "layer a { input: [0, 1, 4], channels: 1, kernel: 1 }",
        &[],
        "A0208: layer `a`: batch of input is 0; the least is 1",
    );
    check(
        "layer a { input: [1, 0, 4], channels: 1, kernel: 1 }",
        &[],
        "A0208: layer `a`: channel count of input is 0; the least is 1",
    );
    check(
        "layer a { input: [1, 1, 0], channels: 1, kernel: 1 }",
        &[],
        "A0208: layer `a`: size of input in axis 0 is 0; the least is 1",
    );
    check(
        "layer a { input: [1, 1, 4], channels: 0, kernel: 1 }",
        &[],
        "A0208: layer `a`: channels is 0; the least is 1",
    );
    check("layer a { input: [1, 1, 4], channels: 1, kernel: 0 }", &[], "A0208: layer `a`: kernel is 0; the least is 1");
    check(
        "layer a { input: [1, 1, W], channels: 1, kernel: 1 }",
        &[("W", 0)],
        "A0402: the size given for W is 0; sizes are 1 to 2147483647",
    );
    check(
        "layer a { input: [1, 1, 4], channels: 1, kernel: 5 }",
        &[],
        "A0210: layer `a`: the kernel does not fit into the padded input (axis 0: kernel 5, padded input 4 + 0 + 0 = 4)",
    );
    check(
        "layer a { input: [1, 1, 4], channels: 1, kernel: 1, padding: -2 }",
        &[],
        "A0222: layer `a`: negative padding crops 4 of 4 input positions (axis 0: padding -2 and -2)",
    );
    check(
        "layer a { input: [1, 1, 2], channels: 1, kernel: 1, padding: 1, transposed }",
        &[],
        "A0210: layer `a`: the padding leaves no output (axis 0: 2 positions before padding, padding 1 and 1)",
    );
    check(
        "net a { input x: [0, 1, 1]; b = add(x, x); output b; }",
        &[],
        "A0208: net `a`: batch of input `x` is 0; the least is 1",
    );
}

#[test]
fn empty_slices_are_errors() {
    let loaded = jit::compile("layer one { input: [1, 1, 1], channels: 1, kernel: 1 }", &[]).unwrap();
    assert_eq!(
        loaded.load(&[("one.weight", [0.0; 0])]).unwrap_err().to_string(),
        "`one.weight` has shape [1, 1, 1]: expected 1 elements, found 0"
    );
    let loaded = loaded.load(&[("one.weight", [2.0])]).unwrap();
    let error = loaded.forward(&[&[]], &mut [&mut [0.0]]).unwrap_err();
    assert_eq!(error.to_string(), "`input` has shape [1, 1, 1]: expected 1 elements, found 0");
    let error = loaded.forward(&[&[1.0]], &mut [&mut []]).unwrap_err();
    assert_eq!(error.to_string(), "`one` has shape [1, 1, 1]: expected 1 elements, found 0");
    let shape = "but its shape [1, 1, 1] has 1";
    let found = One::new(&[], &[1.0]).unwrap_err().to_string();
    assert_eq!(found, format!("`one`: `one.weight` has 0 elements, {shape}"));
    let one = One::new(&[1.0], &[1.0]).unwrap();
    assert_eq!(one.infer(&[]).unwrap_err().to_string(), format!("`one`: `input` has 0 elements, {shape}"));
    let kernel = jit::compile("net e { input x: [1, 1, 1]; y = add(x, x); output y; }", &[]).unwrap();
    assert_eq!(kernel.kernel().plan().with_role(Role::Parameter).count(), 0);
}
