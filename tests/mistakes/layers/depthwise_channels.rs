// Made of depthwise_channels.conv by ATROUS_BLESS=1.
atrous::conv! {
layer depthwise_3x3 {
    input: [1, 32, 56, 56],
    channels: 48,
    kernel: 3,
    depthwise,
}
}

fn main() {}
