// Made of output_padding_without_transposed.conv by ATROUS_BLESS=1.
atrous::conv! {
layer up {
    input: [1, 64, 32, 32],
    channels: 32,
    kernel: 3,
    stride: 2,
    padding: 1,
    output_padding: 1,
}
}

fn main() {}
