// Made of no_output.conv by ATROUS_BLESS=1.
atrous::conv! {
net chain {
    input image: [1, 3, 32, 32];
    first = conv(image) { channels: 16, kernel: 3 };
}
}

fn main() {}
