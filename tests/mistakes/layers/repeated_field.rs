// Made of repeated_field.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [1, 64, 56, 56],
    channels: 64,
    kernel: 3,
    bias,
    stride: 2,
    kernel: 5,
    bias,
}
}

fn main() {}
