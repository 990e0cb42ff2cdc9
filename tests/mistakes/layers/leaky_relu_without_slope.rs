// Made of leaky_relu_without_slope.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [1, 64, 56, 56],
    channels: 64,
    kernel: 3,
    leaky_relu,
}
}

fn main() {}
