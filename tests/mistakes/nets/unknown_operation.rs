// Made of unknown_operation.conv by ATROUS_BLESS=1.
atrous::conv! {
net encoder {
    input image: [1, 3, 32, 32];
    first = conv2d(image) { channels: 16, kernel: 3, padding: 1 };
    pooled = maxpool(first) { kernel: 2 };
    joined = concat(first, pooled);
    output joined;
}
}

fn main() {}
