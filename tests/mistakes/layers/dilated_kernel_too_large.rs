// Made of dilated_kernel_too_large.conv by ATROUS_BLESS=1.
atrous::conv! {
layer fc6 {
    input: [1, 512, 10, 10],
    channels: 1024,
    kernel: 3,
    dilation: 6,
    padding: 1,
}
}

fn main() {}
