//! Sources with mistakes, and sources without.

pub struct Case {
    pub source: &'static str,
    pub sizes: &'static [(&'static str, usize)],
}

macro_rules! cases {
    ($($([$($name:ident = $size:literal),*])? $source:literal)*) => {
        &[$(Case { source: $source, sizes: &[$($((stringify!($name), $size)),*)?] }),*]
    };
}

#[rustfmt::skip]
pub const BAD: &[Case] = cases! {
    // Characters and words.
    "layer a { input: [1, 3, 8], channels: 4 % kernel: 3 }"
    "layer a { input: [1, 3, 8, 8], channels: 4, kernel: 3×3 }"
    "layer a { input: [1, 3, 8, 8], channels: 4, kernel: 3x3 }"
    "layer a { input: [1, 3, 8, 8], channels: 4, kernel: [3, 3], padding: 0x0 }"
    "layer a { input: [1, 3, 8x8, 0x10, 0b11, 0o17, 0xffffffffffffffffffff], channels: 4usize, kernel: 3px }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 1e, leaky_relu(0.1f32) }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: \"same\", layout: 'n' }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: r#\"no word\"# }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: .5, stride: *2 }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: \"same }"
    "layer größe { input: [1, 3, 8], channels: 4, kernel: 3 }"
    "layer r#type { input: [1, 3, 8], channels: 4, kernel: 3 }"
    "layer fn { input: [1, 3, 8], channels: 4, kernel: 3 }"
    "layer _ { input: [1, 3, 8], channels: 4, kernel: 3 } layer _1 { input: [1, 3, 8], channels: 4, kernel: 3 } layer self_ { input: [1, 3, 8], channels: 4, kernel: 3 }"
    "net n { input in: [1, 3, match]; _ = conv(in) { channels: 4, kernel: 3 }; output _; }"
    "layer a { /* comment /* nested */ input: [1, 3, 8] }"
    // Brackets.
    "layer a { input: [1, 3, 8, channels: 4, kernel: 3 }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3"
    "layer a { input: [1, 3, 8)], channels: 4, kernel: 3 }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3 } }"
    "layer a { input: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]] }"
    // Grammar.
    ""
    "// Nothing but a comment.\n"
    "kernel: 3"
    "lyer a { input: [1, 3, 8] } layer b { channels: }"
    "conv a { kernel = 3 } net { x } layer { y }"
    "layer a input: [1, 3, 8] net b [x] layer c { input: [1, 3, 8], channels: 4, kernel: 9 }"
    "layer a { input: [1, 3, 8] channels: 4; kernel: 3,, padding: -, stride = 2, dilation 2, 7 }"
    "layer a { input: {1, 3}, channels: (4), kernel: [3 3], clamp(0 6), padding: same 1 }"
    "net n { input x [1, 3, 8]; y conv(x) { }; inptu z: [1]; z = (x); w = conv x; output; }"
    "net n { input x: [1, 3, 8] y = conv(x) { channels: 4, kernel: 3 } output y }"
    "net n { input x: [1, 3, 8], y = conv(x) { channels: 4, kernel: 3 }; z = conv(y) { channels: 4, kernel: 3 }; output y z }"
    "net n { input x: 3; 4; output y, ; }"
    // Fields.
    "layer a { input: [1, 3, 8], channels: 4, kernal: 3, foo: 1, bias_: true }"
    "layer a { in_channels: 3, out_channels: 4, kernel_size: 3, pad: 1, activation: relu, swish }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, strides: 2, transpose, output_padding: 1 }"
    "layer a { inputs: [1, 3, 8], channels: 4, kernel: 3, bias, kernel: 3, bias }"
    "layer a { stride: 2 }"
    "layer a { input: [1, 3, 8], channels(4), kernel, bias(true), relu: 1, leaky_relu: 0.2, padding(1, 1) }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, clamp: [0, 6] }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, relu() }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, bias: 1, transposed: yes }"
    "layer a { input: [1, 3, 8], channels: 4.5, kernel: [3], stride: two, dilation: [[1]] }"
    "layer a { input: 8, channels: [4], kernel: 3.0, padding: 1.5, padding_mode: 0 }"
    "layer a { input: [1, 3, 8, 8], channels: 4, kernel: [3, 3, 3], stride: [2], padding: [1, 1, 1, 1] }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: [1, 2] }"
    "layer a { input: [1, 3, 8, 8], channels: 4, kernel: [3, 5, 7], padding: [[1, 2, 3], [4]] }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: [] }"
    "layer a { input: [0, -3, 8], channels: 0, kernel: 0, stride: -1, dilation: 0 }"
    "layer a { input: [1, 3, 3000000000], channels: 99999999999999999999999, kernel: 2_147_483_648, padding: -2147483648 }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: sane, padding_mode: mirror, layout: NCHV }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: something, padding_mode: wibble, layout: channels_last }"
    "layer a { input: [1, 3], channels: 4, kernel: 3 } layer b { input: [1, 3, 4, 5, 6, 7], channels: 4, kernel: 3 }"
    "layer a { input: [N, C, L], channels: 4, kernel: 3 }"
    // Geometry.
    "layer a { input: [1, 3, 8, 4], channels: 4, kernel: 5 } layer b { input: [1, 3, 4, 4], channels: 4, kernel: 5 }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, dilation: 6, padding: 1 }"
    "layer a { input: [1, 3, 1], channels: 4, kernel: 3, padding: [[-2, 2]] }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: [[-5, -3]] }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: [[-20, 30]] }"
    "layer a { input: [1, 3, 4, 4], channels: 4, kernel: 3, padding: [3, 4], padding_mode: reflect }"
    "layer a { input: [1, 3, 1], channels: 4, kernel: 3, padding: 1, padding_mode: reflect }"
    "layer a { input: [1, 3, 4], channels: 4, kernel: 3, padding: [[0, 5]], padding_mode: circular }"
    "layer a { input: [1, 3, 4], channels: 4, kernel: 3, transposed, padding: 3 }"
    "layer a { input: [1, 3, 2147483647], channels: 4, kernel: 3, transposed, stride: 2 }"
    "layer a { input: [1, 3, 2147483647], channels: 4, kernel: 2147483647, transposed, stride: 2147483647, dilation: 2147483647, padding: -2147483647 }"
    "layer a { input: [1, 1024, 65536, 65536], channels: 4, kernel: 3 }"
    "layer a { input: [1, 1000000, 3, 3], channels: 1000000, kernel: 3 }"
    "layer a { input: [1, 1, 100000], channels: 1, kernel: 70000 }"
    "layer a { input: [1, 1, 3], channels: 1, kernel: 3, stride: 100_000_000, transposed }"
    "layer a { input: [1, 1, 3, 3], channels: 1, kernel: 3, padding: [[1, 1], [0, 70000]], padding_mode: replicate }"
    "layer a { input: [1, 1, 65536, 65536], channels: 1000, kernel: 1 }"
    "layer a { input: [1, 1, 20000, 20000], channels: 1, kernel: 20000, padding: same }"
    "layer a { input: [1, 1, 3, 3], channels: 1, kernel: 3, stride: 60000, padding: 1, transposed }"
    "layer a { input: [1, 1, 100000000], channels: 1, kernel: 3 }"
    "layer a { input: [1, 1, 8], channels: 1, kernel: 3, padding: 100000000 }"
    "layer a { input: [1, 3, 8, 8], channels: 4, kernel: 3, padding: causal }"
    // Groups.
    "layer a { input: [1, 64, 8], channels: 128, kernel: 3, groups: 3 }"
    "layer a { input: [1, 64, 8], channels: 12, kernel: 3, groups: 16 }"
    "layer a { input: [1, 64, 8], channels: 66, kernel: 3, groups: 32 }"
    "layer a { input: [1, 64, 8], channels: 100, kernel: 3, depthwise }"
    "layer a { input: [1, 64, 8], channels: 32, kernel: 3, depthwise, groups: 64 } layer b { input: [1, 64, 8], channels: 32, kernel: 3, depthwise }"
    // Transposed layers.
    "layer up1 { input: [1, 3, 32], channels: 4, kernel: 3, stride: 2, transposed, padding: 1, output_padding: 2 }"
    "layer a { input: [1, 3, 32], channels: 4, kernel: 3, transposed, output_padding: 1 }"
    "layer a { input: [1, 3, 8, 8], channels: 4, kernel: 3, transposed, stride: [4, 2], output_padding: [4, 1], padding: same }"
    "layer a { input: [1, 3, 32], channels: 4, kernel: 3, output_padding: 1, output_size: 65 }"
    "layer a { input: [1, 3, 32, 32], channels: 4, kernel: 3, stride: 2, transposed, output_size: [70, 65] }"
    "layer a { input: [1, 3, 2], channels: 4, kernel: 1, transposed, padding: 9, output_size: 4 }"
    "layer a { input: [1, 3, 32], channels: 4, kernel: 3, stride: 2, transposed, output_size: 65, output_padding: 0, padding_mode: reflect }"
    "layer a { input: [1, 3, 32], channels: 4, kernel: 3, stride: 2, transposed, output_size: 64, padding: same }"
    "layer a { input: [1, 3, 32], channels: 4, kernel: 3, stride: 4, transposed, padding: same }"
    "layer a { input: [1, 3, 32], channels: 4, kernel: 3, transposed, padding: causal }"
    // Activations.
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, relu, tanh, sigmoid: false }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, leaky_relu }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, clamp(0) }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, clamp(6, -0.5) }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, relu6(6) }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, clamp(low, [1]) }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, leaky_relu(1e99) }"
    // Nets.
    "layer foo_bar { input: [1, 3, 8], channels: 4, kernel: 3 } layer FooBar { input: [1, 3, 8], channels: 4, kernel: 3 } layer foo_bar { input: [1, 3, 8], channels: 4, kernel: 3 }"
    "net n { input x: [1, 3, 8]; x = conv(x) { channels: 4, kernel: 3 }; x = conv(x) { channels: 4, kernel: 3 }; output x; }"
    "net n { input image: [1, 3, 8]; a = conv(imago) { channels: 4, kernel: 3 }; b = conv(zzzzzz) { channels: 4, kernel: 3 }; output c; }"
    "net n { input x: [1, 3, 8]; a = conv(b) { channels: 4, kernel: 3 }; b = conv(x) { channels: 4, kernel: 3 }; c = conv(c) { channels: 4, kernel: 3 }; output a; }"
    "net n { }"
    "net n { input x: [1, 3, 8]; y = conv(x) { channels: 4, kernel: 3 }; }"
    "net n { input x: [1, 3, 8]; y = conv(x) { channels: 4, kernel: 3 }; output y, x; output y; }"
    "net n { input x: [1, 3, 8]; y = conv2d(x) { channels: 4, kernel: 3 }; z = pool(x); output y, z; }"
    "net n { input x: [1, 3, 8]; y = conv(x, x) { channels: 4, kernel: 3 }; z = add(x); w = conv(); output y, z; }"
    "net n { input x: [1, 3, 8]; input y: [1, 3, 9]; z = add(x, y); w = mul(x, x, y) { relu, bias }; output z, w; }"
    "net n { input x: [1, 3, 8]; input y: [1, 3, 8, 8]; z = add(x, y); output z; }"
    "net n { input x: [2, 3, 8]; input y: [1, 3, 8]; a = conv(y) { channels: 4, kernel: 1 }; z = add(x, y); w = add(y, a); output z, w; }"
    "net n { input x: [1, 3, 8]; y = conv(x) { channels: 4, kernel: 3, layout: nhwc }; z = conv(y) { channels: 4, kernel: 3 }; w = conv(z) { channels: 4, kernel: 3, layout: nchw }; output w; }"
    "net n { input x: [1, 3, 8]; y = conv(x) { input: [1, 3, 8], channels: 4, kernel: 3 }; output y; }"
    "net n { input x: [1, 3, 8]; y = conv(x) { channels: 4, kernel: 9 }; z = conv(y) { channels: 4, kernel: 0 }; output z; }"
    "net n { input x: [1, 3, 8]; y = conv(x); output y; }"
    // Sizes.
    [H = 5] "layer a { input: [1, 3, 8], channels: 4, kernel: 3 }"
    [Hight = 5] "layer a { input: [1, 3, height, W], channels: 4, kernel: 3 }"
    [Z = 5] "layer a { input: [1, 3, height, W], channels: 4, kernel: 3 }"
    [H = 0, W = 2147483648] "layer a { input: [1, 3, H, W], channels: 4, kernel: 3 }"
    [H = 2, W = 7] "layer a { input: [1, 3, H, W], channels: 4, kernel: 3 }"
    [H = 9, W = 8] "net n { input x: [1, 3, H]; input y: [1, 3, W]; z = add(x, y); output z; }"
    [H = 8] "layer a { input: [1, 3, H], channels: 4, kernel: 9, stride: 0 }"
    [H = 8] "layer a { input: [1, 3, H], channels: 4, kernel: 3, stride: 2, transposed, output_size: 30 }"
    // Free sizes do not hide what is wrong without them.
    "layer a { input: [N, 3, H, 4], channels: 4, kernel: 7, stride: 2, padding: same, groups: 2 }"
    "net n { input x: [1, 3, H]; y = conv(x) { channels: 4, kernel: 3 }; z = add(x, y); output z; }"
    "layer a { input: [1, 1000000, H, W], channels: 1000000, kernel: 3 }"
    // Warnings.
    "net n { input x: [1, 3, 8]; input unused: [1, 3, 8]; y = conv(x) { channels: 4, kernel: 3 }; z = conv(x) { channels: 4, kernel: 3 }; output y; }"
    "layer a { input: [1, 3, 8, 8], channels: 4, kernel: 1, dilation: 2 } layer b { input: [1, 3, 8, 8], channels: 4, kernel: [3, 1], dilation: [2, 3] }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding: 5 } layer b { input: [1, 3, 8], channels: 4, kernel: 1, padding: [[1, 0]] }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 2, stride: 2, transposed, output_padding: 1 }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 3, padding_mode: reflect }"
    "layer a { input: [1, 3, 8], channels: 4, kernel: 2, stride: 3, transposed } layer b { input: [1, 3, 8], channels: 4, kernel: 4, stride: 2, dilation: 2, transposed }"
};

pub const GOOD: &[&str] = &[
    "layer fc6 {
        input: [1, 512, 19, 19],        // N, C, then one to three spatial sizes
        channels: 1024,
        kernel: 3,
        padding: 6,
        dilation: 6,
        bias,
        relu,
    }",
    "net upconv7 {
        input image: [1, 3, 64, 48];
        c1 = conv(image) { channels: 16,  kernel: 3, padding: 7, padding_mode: replicate, bias, leaky_relu(0.1) };
        c2 = conv(c1)    { channels: 32,  kernel: 3, bias, leaky_relu(0.1) };
        up = conv(c2)    { channels: 3,   kernel: 4, stride: 2, padding: 3, transposed, bias };
        output up;
    }",
    "net residual {
        input input: [N, 8, H, W];
        output sum, both;
        c = conv(input) { channels: 8, kernel: 3, padding: same, bias: false, relu: true };
        input output: [N, 8, H, W];
        sum = add(input, c, output) { hardswish, };
        both = mul(sum, sum,);
    }",
    "layer a { input: [2, 6, 9, 8], channels: 12, kernel: [3, 2], stride: [2, 1], dilation: [1, 3], padding: [[-1, 2], [0, 2]],
        groups: 3, clamp(-0.5, 1_0.25e1), layout: nhwc, transposed: false, depthwise: false, }",
    "layer a { input: [1, 4, 7], channels: 8, kernel: 3, dilation: 2, padding: causal, depthwise, tanh: false, gelu }",
    "layer a { input: [1, 4, 7, 7, 7], channels: 8, kernel: 3, stride: 2, padding: same_lower, relu6 }",
    "layer a { input: [1, 4, 7, 7], channels: 8, kernel: [3, 4], stride: 2, padding: same, transposed, sigmoid }",
    "layer a { input: [1, 4, 7, 7], channels: 8, kernel: 4, stride: 3, padding: 1, output_size: [20, 21], transposed, silu }",
    "layer a { input: [1, 4, 7], channels: 8, kernel: 3, padding: valid, padding_mode: zeros, clamp(0, 1e38), output_padding: 0, transposed }",
    "layer a { input: [1, 4, 7], channels: 8, kernel: 3, padding: [7], padding_mode: circular, leaky_relu(-0.0) }",
    "\u{feff}layer a { input: [1, 4, 7], channels: 8, kernel: 3, padding: [[2, 0]], padding_mode: reflect, tanh } /* end */",
];
