// Made of conv_of_two.conv by ATROUS_BLESS=1.
atrous::conv! {
net joined {
    input left: [1, 3, 32, 32];
    input right: [1, 3, 32, 32];
    both = conv(left, right) { channels: 16, kernel: 3 };
    output both;
}
}

fn main() {}
