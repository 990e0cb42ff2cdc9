// Made of used_before_defined.conv by ATROUS_BLESS=1.
atrous::conv! {
net chain {
    input image: [1, 3, 32, 32];
    second = conv(first) { channels: 16, kernel: 3 };
    first = conv(image) { channels: 16, kernel: 3 };
    output second;
}
}

fn main() {}
