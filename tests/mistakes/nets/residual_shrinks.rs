// Made of residual_shrinks.conv by ATROUS_BLESS=1.
atrous::conv! {
net residual {
    input image: [1, 16, 32, 32];
    first = conv(image) { channels: 16, kernel: 3, relu };
    sum = add(image, first) { relu };
    output sum;
}
}

fn main() {}
