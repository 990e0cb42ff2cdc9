// Made of equals_in_field.conv by ATROUS_BLESS=1.
atrous::conv! {
layer stem {
    input = [1, 3, 224, 224],
    channels = 64,
    kernel = 7,
}
}

fn main() {}
