// Made of several_errors.conv by ATROUS_BLESS=1.
atrous::conv! {
// Every error of a file is told at once.
layer first {
    input: [1, 3, 224, 224],
    channels: 64,
    kernal: 7,
    groups: 2,
}

layer second {
    input: [1, 64, 8, 8],
    channels: 64,
    kernel: 9,
    output_padding: 1,
}

layer third {
    input: [1, 64, H, W],
    channels: 65,
    kernel: [3, 3, 3],
    depthwise,
    padding: maybe,
}
}

fn main() {}
