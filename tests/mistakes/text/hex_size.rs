// Made of hex_size.conv by ATROUS_BLESS=1.
atrous::conv! {
layer stem {
    input: [1, 3, 0x10, 0x10],
    channels: 0b100,
    kernel: 3,
    padding: 0x0,
}
}

fn main() {}
