// Made of kernel_larger_than_input.conv by ATROUS_BLESS=1.
atrous::conv! {
layer head {
    input: [1, 512, 7, 6],
    channels: 4096,
    kernel: 7,
}
}

fn main() {}
