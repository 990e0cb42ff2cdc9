// Made of pytorch_names.conv by ATROUS_BLESS=1.
atrous::conv! {
layer stem {
    in_channels: 3,
    out_channels: 64,
    kernel_size: 7,
    stride: 2,
    padding: 3,
    bias: False,
}
}

fn main() {}
