// Made of groups_do_not_divide.conv by ATROUS_BLESS=1.
atrous::conv! {
layer grouped {
    input: [1, 64, 56, 56],
    channels: 96,
    kernel: 3,
    groups: 3,
}
}

fn main() {}
