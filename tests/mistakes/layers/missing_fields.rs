// Made of missing_fields.conv by ATROUS_BLESS=1.
atrous::conv! {
layer block {
    stride: 2,
    bias,
}
}

fn main() {}
