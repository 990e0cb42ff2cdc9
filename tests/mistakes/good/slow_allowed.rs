#![deny(warnings)]

atrous::conv! {
    #![allow(slow)]
    layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31 }
}

atrous::conv! {
    #![deny(slow)]
    layer quick { input: [1, 16, 64], channels: 16, kernel: 3 }
}

atrous::conv!(#![allow(slow)] "specs/slow.conv", L = 64);

fn main() {
    assert_eq!((Long::OUTPUT_SHAPE, Quick::OUTPUT_SHAPE, FromFile::OUTPUT_SHAPE), ([1, 3, 64], [1, 16, 62], [1, 3, 64]));
}
