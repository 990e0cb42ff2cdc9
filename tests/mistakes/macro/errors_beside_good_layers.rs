atrous::conv! {
    layer good { input: [1, 1, 8], channels: 1, kernel: 3 }
    layer bad { input: [1, 1, 8], channels: 1, kernel: 9 }
}

fn main() {
    // No second error: the type of the good layer is there.
    println!("{:?}", Good::OUTPUT_SHAPE);
}
