// Made of nameless_input.conv by ATROUS_BLESS=1.
atrous::conv! {
net one {
    input: [1, 3, 32, 32];
    only = conv(input) { channels: 16, kernel: 3 };
    output: only;
}
}

fn main() {}
