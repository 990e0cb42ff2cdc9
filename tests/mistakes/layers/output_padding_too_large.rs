// Made of output_padding_too_large.conv by ATROUS_BLESS=1.
atrous::conv! {
layer up1 {
    input: [1, 64, 32, 32],
    channels: 32,
    kernel: 3,
    stride: 2,
    padding: 1,
    output_padding: 2,
    transposed,
}
}

fn main() {}
