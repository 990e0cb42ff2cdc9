// Made of free_channels.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [N, C, H, W],
    channels: 64,
    kernel: 3,
}
}

fn main() {}
