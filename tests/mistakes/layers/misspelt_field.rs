// Made of misspelt_field.conv by ATROUS_BLESS=1.
atrous::conv! {
layer stem {
    input: [1, 3, 224, 224],
    chanels: 64,
    kernal: 7,
    stried: 2,
    padding: 3,
}
}

fn main() {}
