// Made of tuples.conv by ATROUS_BLESS=1.
atrous::conv! {
layer stem {
    input: (1, 3, 224, 224),
    channels: 64,
    kernel: (7, 7),
    stride: {2, 2},
}
}

fn main() {}
