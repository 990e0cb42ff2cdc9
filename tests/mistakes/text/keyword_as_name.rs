// Made of keyword_as_name.conv by ATROUS_BLESS=1.
atrous::conv! {
net match {
    input in: [1, 3, 64, 64];
    box = conv(in) { channels: 16, kernel: 3 };
    output box;
}
}

fn main() {}
