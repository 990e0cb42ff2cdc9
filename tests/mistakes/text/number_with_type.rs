// Made of number_with_type.conv by ATROUS_BLESS=1.
atrous::conv! {
layer stem {
    input: [1, 3, 224, 224],
    channels: 64usize,
    kernel: 7,
    leaky_relu(0.1f32),
}
}

fn main() {}
