atrous::conv! {
    #![deny(slw)]
    layer a { input: [1, 3, 64], channels: 3, kernel: 3 }
}

atrous::conv! {
    #![forbid(slow)]
    layer b { input: [1, 3, 64], channels: 3, kernel: 3 }
}

fn main() {}
