// Made of reflect_wider_than_input.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [1, 64, 4, 4],
    channels: 64,
    kernel: 9,
    padding: 4,
    padding_mode: reflect,
}
}

fn main() {}
