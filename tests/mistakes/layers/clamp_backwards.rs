// Made of clamp_backwards.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [1, 64, 56, 56],
    channels: 64,
    kernel: 3,
    clamp(6, 0),
}
}

fn main() {}
