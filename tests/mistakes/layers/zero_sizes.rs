// Made of zero_sizes.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [0, 64, 56, -56],
    channels: 0,
    kernel: 3,
    stride: 0,
    dilation: 0,
}
}

fn main() {}
