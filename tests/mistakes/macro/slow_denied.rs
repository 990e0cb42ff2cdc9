atrous::conv! {
    //! Comments may stand before it.
    #![deny(slow)]

    layer quick { input: [1, 16, 64], channels: 16, kernel: 3 }
    layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31 }
}

atrous::conv!(#![deny(slow)] "specs/slow.conv", L = 64);

fn main() {
    // No second error: the types are there.
    println!("{:?} {:?} {:?}", Quick::OUTPUT_SHAPE, Long::OUTPUT_SHAPE, FromFile::OUTPUT_SHAPE);
}
