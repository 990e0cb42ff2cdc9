//! The same file twice, for different sizes.
#![deny(warnings)]

mod small {
    atrous::conv!("specs/open.conv", H = 2, W = 3);
}

mod large {
    atrous::conv! { "specs/open.conv", H = 4, W = 4, }
}

fn main() {
    assert_eq!(small::Edges::OUTPUT_SHAPE, [1, 2, 2, 3]);
    assert_eq!(large::Edges::OUTPUT_SHAPE, [1, 2, 4, 4]);
}
