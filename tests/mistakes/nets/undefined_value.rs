// Made of undefined_value.conv by ATROUS_BLESS=1.
atrous::conv! {
net residual {
    input image: [1, 3, 32, 32];
    first = conv(imgae) { channels: 16, kernel: 3, padding: 1 };
    second = conv(first) { channels: 16, kernel: 3, padding: 1 };
    sum = add(second, shortcut) { relu };
    output sum;
}
}

fn main() {}
