// Made of unknown_words.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    input: [1, 64, 56, 56],
    channels: 64,
    kernel: 3,
    padding: smae,
    padding_mode: mirror,
    layout: channels_last,
}
}

fn main() {}
