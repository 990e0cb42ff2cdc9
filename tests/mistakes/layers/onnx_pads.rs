// Made of onnx_pads.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [1, 64, 56, 56],
    channels: 64,
    kernel: 3,
    padding: [1, 1, 1, 1],
}
}

fn main() {}
