// Made of value_twice.conv by ATROUS_BLESS=1.
atrous::conv! {
net chain {
    input x: [1, 3, 32, 32];
    x = conv(x) { channels: 16, kernel: 3, relu };
    y = conv(x) { channels: 16, kernel: 3, relu };
    y = conv(y) { channels: 16, kernel: 3, relu };
    output y;
}
}

fn main() {}
