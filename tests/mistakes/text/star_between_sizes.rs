// Made of star_between_sizes.conv by ATROUS_BLESS=1.
atrous::conv! {
layer edges {
    input: [1, 3, 64, 64],
    channels: 16,
    kernel: 3*3,
}
}

fn main() {}
