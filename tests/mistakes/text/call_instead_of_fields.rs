// Made of call_instead_of_fields.conv by ATROUS_BLESS=1.
atrous::conv! {
net two {
    input image: [1, 3, 32, 32];
    first = conv(image, channels: 16, kernel: 3);
    second = conv(conv(first)) { channels: 16, kernel: 3 };
    output second;
}
}

fn main() {}
