// Made of batch_left_out.conv by ATROUS_BLESS=1.
atrous::conv! {
layer stem {
    input: [3, 224, 224],
    channels: 64,
    kernel: [7, 7],
    padding: 3,
}
}

fn main() {}
