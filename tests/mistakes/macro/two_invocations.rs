mod encoder {
    atrous::conv! {
        layer stem {
            input: [1, 3, 64, 64],
            channels: 16,
            kernal: 3,
        }
    }
}

mod decoder {
    atrous::conv! {
        layer up1 {
            input: [1, 16, 32, 32],
            channels: 8,
            kernel: 4,
            stride: 2,
            padding: 1,
            output_padding: 2,
            transposed,
        }
        layer up2 { input: [1, 8, 64, 64], channels: 3, kernel: 65 }
    }
}

fn main() {}
