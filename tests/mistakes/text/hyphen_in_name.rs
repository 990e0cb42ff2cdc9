// Made of hyphen_in_name.conv by ATROUS_BLESS=1.
atrous::conv! {
layer up-conv {
    input: [1, 64, 32, 32],
    channels: 32,
    kernel: 4,
    stride: 2,
    padding: 1,
    transposed,
}
}

fn main() {}
