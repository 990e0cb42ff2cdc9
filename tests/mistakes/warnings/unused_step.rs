// Made of unused_step.conv by ATROUS_BLESS=1.
#![deny(deprecated)]
atrous::conv! {
net chain {
    input image: [1, 3, 32, 32];
    first = conv(image) { channels: 16, kernel: 3 };
    second = conv(image) { channels: 16, kernel: 3 };
    output first;
}
}

fn main() {}
