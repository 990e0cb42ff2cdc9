// Made of padding_beyond_kernel.conv by ATROUS_BLESS=1.
#![deny(deprecated)]
atrous::conv! {
layer block {
    input: [1, 64, 56, 56],
    channels: 64,
    kernel: 3,
    padding: 6,
}
}

fn main() {}
