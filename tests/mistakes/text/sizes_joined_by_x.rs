// Made of sizes_joined_by_x.conv by ATROUS_BLESS=1.
atrous::conv! {
layer stem {
    input: [1, 3, 224x224],
    channels: 64,
    kernel: 7x7,
    stride: 2,
}
}

fn main() {}
