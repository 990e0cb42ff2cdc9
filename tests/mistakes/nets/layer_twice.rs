// Made of layer_twice.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [1, 64, 56, 56],
    channels: 64,
    kernel: 3,
}

layer block {
    input: [1, 64, 56, 56],
    channels: 64,
    kernel: 5,
}
}

fn main() {}
