#![deny(deprecated)]

atrous::conv! {
    layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31 }
}

fn main() {}
