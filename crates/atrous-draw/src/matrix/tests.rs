use atrous_compiler::front::{self, Model, Sizes};

use super::{Channels, Limit, Matrices, Row, picture};
use crate::picture::canvas::{CELL, Square};

fn matrices(fields: &str, channels: Channels) -> Matrices {
    let front = front::text(&format!("layer a {{ {fields} }}"), &Sizes::new());
    let [Model::Net(net)] = &front.models[..] else { panic!("{:?}", front.diagnostics) };
    let layer = net.layers().next().expect("a layer");
    Matrices::of(layer, channels, Limit::TEXT).expect("a small layer")
}

fn text(fields: &str) -> String {
    matrices(fields, Channels::One).to_string()
}

#[test]
fn a_convolution_and_its_transpose() {
    insta::assert_snapshot!(text("input: [1, 1, 5], channels: 1, kernel: 3, padding: 1, stride: 2"), @r"
    a: convolution of [1, 1, 5] to [1, 1, 3]

    W of the layer, 3 × 5: y = W·x
        phase  x0  x1  x2  x3  x4  inserted  padding
    y0      0  w1  w2   ·   ·   ·         ·        1
    y1      0   ·  w0  w1  w2   ·         ·        ·
    y2      0   ·   ·   ·  w0  w1         ·        1

    Wᵀ of its transposed twin, 5 × 3: x = Wᵀ·y
        phase  y0  y1  y2  inserted  padding
    x0      0  w1   ·   ·         1        1
    x1      1  w2  w0   ·         1        ·
    x2      0   ·  w1   ·         2        ·
    x3      1   ·  w2  w0         1        ·
    x4      0   ·   ·  w1         1        1
    phase 0: w1
    phase 1: w2 w0

    ·: zero
    inserted, padding: taps that meet zeros between the values and outside of them
    ");
}

#[test]
fn a_transposed_convolution_is_the_transpose() {
    insta::assert_snapshot!(text("input: [1, 8, 3], channels: 4, kernel: 3, padding: 1, stride: 2, transposed"), @r"
    a: transposed convolution of [1, 8, 3] to [1, 4, 5]; one input channel and one output channel

    Wᵀ of the layer, 5 × 3: x = Wᵀ·y
        phase  y0  y1  y2  inserted  padding
    x0      0  w1   ·   ·         1        1
    x1      1  w2  w0   ·         1        ·
    x2      0   ·  w1   ·         2        ·
    x3      1   ·  w2  w0         1        ·
    x4      0   ·   ·  w1         1        1
    phase 0: w1
    phase 1: w2 w0

    W of its ordinary twin, 3 × 5: y = W·x
        phase  x0  x1  x2  x3  x4  inserted  padding
    y0      0  w1  w2   ·   ·   ·         ·        1
    y1      0   ·  w0  w1  w2   ·         ·        ·
    y2      0   ·   ·   ·  w0  w1         ·        1

    ·: zero
    inserted, padding: taps that meet zeros between the values and outside of them
    ");
}

#[test]
fn taps_of_several_axes_have_several_numbers() {
    insta::assert_snapshot!(text("input: [1, 1, 2, 2], channels: 1, kernel: 2, stride: 2, transposed"), @r"
    a: transposed convolution of [1, 1, 2, 2] to [1, 1, 4, 4]

    Wᵀ of the layer, (4·4) × (2·2): x = Wᵀ·y
            phase  y[0,0]  y[0,1]  y[1,0]  y[1,1]  inserted  padding
    x[0,0]      0  w[0,0]       ·       ·       ·         ·        3
    x[0,1]      1  w[0,1]       ·       ·       ·         1        2
    x[0,2]      0       ·  w[0,0]       ·       ·         1        2
    x[0,3]      1       ·  w[0,1]       ·       ·         ·        3
    x[1,0]      2  w[1,0]       ·       ·       ·         1        2
    x[1,1]      3  w[1,1]       ·       ·       ·         3        ·
    x[1,2]      2       ·  w[1,0]       ·       ·         3        ·
    x[1,3]      3       ·  w[1,1]       ·       ·         1        2
    x[2,0]      0       ·       ·  w[0,0]       ·         1        2
    x[2,1]      1       ·       ·  w[0,1]       ·         3        ·
    x[2,2]      0       ·       ·       ·  w[0,0]         3        ·
    x[2,3]      1       ·       ·       ·  w[0,1]         1        2
    x[3,0]      2       ·       ·  w[1,0]       ·         ·        3
    x[3,1]      3       ·       ·  w[1,1]       ·         1        2
    x[3,2]      2       ·       ·       ·  w[1,0]         1        2
    x[3,3]      3       ·       ·       ·  w[1,1]         ·        3
    phase 0: w[0,0]
    phase 1: w[0,1]
    phase 2: w[1,0]
    phase 3: w[1,1]

    W of its ordinary twin, (2·2) × (4·4): y = W·x
            phase  x[0,0]  x[0,1]  x[0,2]  x[0,3]  x[1,0]  x[1,1]  x[1,2]  x[1,3]  x[2,0]  x[2,1]  x[2,2]  x[2,3]  x[3,0]  x[3,1]  x[3,2]  x[3,3]  inserted  padding
    y[0,0]      0  w[0,0]  w[0,1]       ·       ·  w[1,0]  w[1,1]       ·       ·       ·       ·       ·       ·       ·       ·       ·       ·         ·        ·
    y[0,1]      0       ·       ·  w[0,0]  w[0,1]       ·       ·  w[1,0]  w[1,1]       ·       ·       ·       ·       ·       ·       ·       ·         ·        ·
    y[1,0]      0       ·       ·       ·       ·       ·       ·       ·       ·  w[0,0]  w[0,1]       ·       ·  w[1,0]  w[1,1]       ·       ·         ·        ·
    y[1,1]      0       ·       ·       ·       ·       ·       ·       ·       ·       ·       ·  w[0,0]  w[0,1]       ·       ·  w[1,0]  w[1,1]         ·        ·

    ·: zero
    inserted, padding: taps that meet zeros between the values and outside of them
    ");
}

#[test]
fn copies_in_the_padding_are_marked_and_added() {
    let fields = "input: [1, 1, 4], channels: 1, kernel: 3, padding: 1";
    insta::assert_snapshot!(text(&format!("{fields}, padding_mode: reflect")), @r"
    a: convolution of [1, 1, 4] to [1, 1, 4]

    W of the layer, 4 × 4: y = W·x
        phase  x0      x1      x2  x3  inserted  padding
    y0      0  w1  w0'+w2       ·   ·         ·        ·
    y1      0  w0      w1      w2   ·         ·        ·
    y2      0   ·      w0      w1  w2         ·        ·
    y3      0   ·       ·  w0+w2'  w1         ·        ·

    Wᵀ of its transposed twin, 4 × 4: x = Wᵀ·y
        phase      y0  y1  y2      y3  inserted  padding
    x0      0      w1  w0   ·       ·         ·        1
    x1      0  w0'+w2  w1  w0       ·         ·        2
    x2      0       ·  w2  w1  w0+w2'         ·        2
    x3      0       ·   ·  w2      w1         ·        1

    ·: zero; w' by a copy that reflect padding makes
    inserted, padding: taps that meet zeros between the values and outside of them
    ");
    insta::assert_snapshot!(text(&format!("{fields}, padding_mode: circular, stride: 2")), @r"
    a: convolution of [1, 1, 4] to [1, 1, 2]

    W of the layer, 2 × 4: y = W·x
        phase  x0  x1  x2   x3  inserted  padding
    y0      0  w1  w2   ·  w0'         ·        ·
    y1      0   ·  w0  w1   w2         ·        ·

    Wᵀ of its transposed twin, 4 × 2: x = Wᵀ·y
        phase   y0  y1  inserted  padding
    x0      1   w1   ·         1        4
    x1      0   w2  w0         1        ·
    x2      1    ·  w1         1        1
    x3      0  w0'  w2         ·        4
    phase 0: w2 w0
    phase 1: w1

    ·: zero; w' by a copy that circular padding makes
    inserted, padding: taps that meet zeros between the values and outside of them
    ");
}

#[test]
fn what_is_cropped_away_has_no_phase() {
    let fields = "input: [1, 1, 5], channels: 1, kernel: 2, padding: [[-1, 1]], padding_mode: replicate";
    insta::assert_snapshot!(text(fields), @r"
    a: convolution of [1, 1, 5] to [1, 1, 4]

    W of the layer, 4 × 5: y = W·x
        phase  x0  x1  x2  x3      x4  inserted  padding
    y0      0   ·  w0  w1   ·       ·         ·        ·
    y1      0   ·   ·  w0  w1       ·         ·        ·
    y2      0   ·   ·   ·  w0      w1         ·        ·
    y3      0   ·   ·   ·   ·  w0+w1'         ·        ·

    Wᵀ of its transposed twin, 5 × 4: x = Wᵀ·y
        phase  y0  y1  y2      y3  inserted  padding
    x0      –   ·   ·   ·       ·         ·        ·
    x1      0  w0   ·   ·       ·         ·        1
    x2      0  w1  w0   ·       ·         ·        ·
    x3      0   ·  w1  w0       ·         ·        ·
    x4      0   ·   ·  w1  w0+w1'         ·        1

    ·: zero; w' by a copy that replicate padding makes
    inserted, padding: taps that meet zeros between the values and outside of them
    ");
}

#[test]
fn all_channels_have_blocks_for_groups() {
    let fields = "input: [1, 2, 3], channels: 4, kernel: 2, groups: 2";
    insta::assert_snapshot!(matrices(fields, Channels::All), @r"
    a: convolution of [1, 2, 3] to [1, 4, 2]

    W of the layer, (4·2) × (2·3): y = W·x
            phase    x[0,0]    x[0,1]    x[0,2]    x[1,0]    x[1,1]    x[1,2]  inserted  padding
    y[0,0]      0  w[0,0,0]  w[0,0,1]         ·         ·         ·         ·         ·        ·
    y[0,1]      0         ·  w[0,0,0]  w[0,0,1]         ·         ·         ·         ·        ·
    y[1,0]      0  w[1,0,0]  w[1,0,1]         ·         ·         ·         ·         ·        ·
    y[1,1]      0         ·  w[1,0,0]  w[1,0,1]         ·         ·         ·         ·        ·
    y[2,0]      0         ·         ·         ·  w[2,0,0]  w[2,0,1]         ·         ·        ·
    y[2,1]      0         ·         ·         ·         ·  w[2,0,0]  w[2,0,1]         ·        ·
    y[3,0]      0         ·         ·         ·  w[3,0,0]  w[3,0,1]         ·         ·        ·
    y[3,1]      0         ·         ·         ·         ·  w[3,0,0]  w[3,0,1]         ·        ·

    Wᵀ of its transposed twin, (2·3) × (4·2): x = Wᵀ·y
            phase    y[0,0]    y[0,1]    y[1,0]    y[1,1]    y[2,0]    y[2,1]    y[3,0]    y[3,1]  inserted  padding
    x[0,0]      0  w[0,0,0]         ·  w[1,0,0]         ·         ·         ·         ·         ·         ·        2
    x[0,1]      0  w[0,0,1]  w[0,0,0]  w[1,0,1]  w[1,0,0]         ·         ·         ·         ·         ·        ·
    x[0,2]      0         ·  w[0,0,1]         ·  w[1,0,1]         ·         ·         ·         ·         ·        2
    x[1,0]      0         ·         ·         ·         ·  w[2,0,0]         ·  w[3,0,0]         ·         ·        2
    x[1,1]      0         ·         ·         ·         ·  w[2,0,1]  w[2,0,0]  w[3,0,1]  w[3,0,0]         ·        ·
    x[1,2]      0         ·         ·         ·         ·         ·  w[2,0,1]         ·  w[3,0,1]         ·        2

    ·: zero
    inserted, padding: taps that meet zeros between the values and outside of them
    ");
}

#[test]
fn pictures_have_a_cell_for_each_entry_each_zero_and_each_phase() {
    let fields = "input: [1, 1, 3], channels: 1, kernel: 3, padding: 1, stride: 2, transposed";
    let matrices = [matrices(fields, Channels::One)];
    let picture = picture(&matrices);
    let [Matrices { own, twin, .. }] = &matrices;
    let cells = |row: &Row| row.entries.len() + row.inserted.len() + row.padding.len();
    let expected = own.rows.len() + own.rows.iter().chain(&twin.rows).map(cells).sum::<usize>();
    assert_eq!(picture.canvas.squares.len(), expected);
    let is_inside =
        |square: &Square| square.x + CELL <= picture.canvas.width && square.y + CELL <= picture.canvas.height;
    assert!(picture.canvas.squares.iter().all(is_inside));
    insta::assert_snapshot!(picture.description, @r"a: transposed convolution of [1, 1, 3] to [1, 1, 5]. Wᵀ of the layer, 5 × 3: x = Wᵀ·y. W of its ordinary twin, 3 × 5: y = W·x.");
}

#[test]
fn large_layers_are_refused_with_numbers() {
    let refused = |fields: &str| {
        let front = front::text(&format!("layer a {{ channels: 1, {fields} }}"), &Sizes::new());
        let [Model::Net(net)] = &front.models[..] else { panic!("{:?}", front.diagnostics) };
        let layer = net.layers().next().expect("a layer");
        Matrices::of(layer, Channels::One, Limit::TEXT).expect_err("a large layer").to_string()
    };
    let told = [
        "input: [1, 1, 9, 8], kernel: 1",
        "input: [1, 1, 65], kernel: 1",
        "input: [1, 1, 33], kernel: 2, stride: 2, transposed",
        "input: [1, 1, 4], kernel: 257, padding: 256",
        "input: [1, 1, 4], kernel: 2, stride: 60000, padding: 60000, padding_mode: replicate",
        "input: [1, 1, 1048576, 131072, 8], kernel: 1, stride: 2097152",
    ];
    insta::assert_snapshot!(told.map(refused).join("\n"), @r"
    the matrices of `a` are too large: 9·8 = 72 inputs, and at most 64 can be shown
    the matrices of `a` are too large: 65 inputs, and at most 64 can be shown
    the matrices of `a` are too large: 66 outputs, and at most 64 can be shown
    the matrices of `a` are too large: 260 outputs, and at most 64 can be shown
    the matrices of `a` are too large: 120004 positions of an axis with its zeros and padding, and at most 1024 can be shown
    the matrices of `a` are too large: 1048576·131072·8 = 1099511627776 inputs, and at most 64 can be shown
    ");
}
