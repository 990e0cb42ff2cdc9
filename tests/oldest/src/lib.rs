//! Every kind of layer in a crate that allows neither warnings nor `unsafe`.
//!
//! It is a crate of the workspace as well, so that each build shows that today's rustc warns of nothing. With the oldest:
//!
//! ```sh
//! cargo +1.89 test -p atrous-tests-oldest
//! cargo +1.89 clippy -p atrous-tests-oldest --all-targets -- -D warnings
//! ```
#![deny(warnings, missing_docs, unused_qualifications, unreachable_pub, clippy::all)]
#![forbid(unsafe_code)]

pub mod axes {
    //! Ranks, strides, dilations, paddings.

    atrous::conv! {
        /// Signals.
        layer signal { input: [2, 3, 20], channels: 4, kernel: 3, padding: 3, dilation: 3, bias }
        /// Pictures.
        layer picture { input: [1, 3, 9, 11], channels: 8, kernel: [3, 5], stride: 2, padding: [[1, 0], [2, 3]], bias }
        /// Volumes.
        layer volume { input: [1, 2, 4, 5, 6], channels: 3, kernel: 2, stride: [2, 1, 1], padding: same_lower }
        /// Outputs that are fewer than taps.
        layer sparse { input: [1, 2, 13], channels: 2, kernel: 2, stride: 5 }
        /// Less is read than there is.
        layer cropped { input: [1, 1, 9], channels: 1, kernel: 3, padding: -1 }
        /// Nothing from the future is read.
        layer causal { input: [1, 2, 12], channels: 2, kernel: 2, padding: causal, dilation: 4 }
        /// One of everything.
        layer least { input: [1, 1, 1], channels: 1, kernel: 1 }
        /// Wider than any vector, with a rest.
        layer wide { input: [1, 33, 37], channels: 35, kernel: 3, padding: 1, bias, relu }
    }
}

pub mod transposed {
    //! Transposed layers.

    atrous::conv! {
        /// Twice the size.
        layer twice { input: [1, 4, 7, 7], channels: 3, kernel: 4, stride: 2, padding: 1, transposed, bias }
        /// Stride and dilation at once.
        layer both { input: [1, 2, 9], channels: 2, kernel: 3, stride: 2, dilation: 3, padding: 2, output_padding: 1, transposed }
        /// A size of the user's choice.
        layer sized { input: [1, 1, 4], channels: 1, kernel: 3, stride: 3, padding: 1, output_size: 11, transposed }
        /// A volume.
        layer volume { input: [1, 2, 3, 3, 3], channels: 2, kernel: 2, stride: 2, transposed }
    }
}

pub mod groups {
    //! Groups of channels.

    atrous::conv! {
        /// A few groups.
        layer few { input: [1, 8, 10], channels: 4, kernel: 3, groups: 2 }
        /// A group for each channel.
        layer each { input: [1, 20, 6, 6], channels: 20, kernel: 3, padding: 1, depthwise, bias, relu6 }
        /// Two outputs for each channel.
        layer doubled { input: [1, 6, 9], channels: 12, kernel: 3, stride: 2, groups: 6 }
        /// Transposed.
        layer upwards { input: [1, 12, 8], channels: 12, kernel: 6, stride: 3, padding: 2, depthwise, transposed }
    }
}

pub mod borders {
    //! What is beyond an input.

    atrous::conv! {
        /// A mirror.
        layer mirrored { input: [1, 2, 6, 6], channels: 2, kernel: 3, padding: 1, padding_mode: reflect }
        /// The last number again.
        layer repeated { input: [1, 2, 6, 6], channels: 2, kernel: 3, padding: 1, padding_mode: replicate }
        /// The other end.
        layer round { input: [1, 2, 6, 6], channels: 2, kernel: 3, padding: 1, padding_mode: circular }
    }
}

pub mod last {
    //! Channels last.

    atrous::conv! {
        /// Dense.
        layer dense { input: [1, 6, 8, 8], channels: 10, kernel: 3, padding: 1, bias, relu, layout: nhwc }
        /// Depthwise.
        layer deep { input: [1, 20, 6, 6], channels: 20, kernel: 3, padding: 1, depthwise, layout: nhwc }
        /// Transposed.
        layer upwards { input: [1, 4, 5, 5], channels: 3, kernel: 4, stride: 2, padding: 1, transposed, layout: nhwc }
    }
}

pub mod nets {
    //! Nets.

    atrous::conv! {
        /// Every activation, and every operation.
        net all {
            input x: [1, 2, 9];
            input unused_last: [1, 2, 9];
            plain = conv(x) { channels: 2, kernel: 1, bias };
            relu = conv(plain) { channels: 2, kernel: 1, relu };
            relu6 = conv(plain) { channels: 2, kernel: 1, relu6 };
            leaky = conv(plain) { channels: 2, kernel: 1, leaky_relu(0.1) };
            sigmoid = conv(plain) { channels: 2, kernel: 1, sigmoid };
            tanh = conv(plain) { channels: 2, kernel: 1, tanh };
            silu = conv(plain) { channels: 2, kernel: 1, silu };
            gelu = conv(plain) { channels: 2, kernel: 1, gelu };
            hardswish = conv(plain) { channels: 2, kernel: 1, hardswish };
            clamp = conv(plain) { channels: 2, kernel: 1, clamp(-0.5, 1.25) };
            sum = add(relu, relu6, leaky, sigmoid, tanh) { relu };
            product = mul(silu, gelu, hardswish, clamp, unused_last);
            output sum, product;
        }
        /// No layer at all.
        net sum {
            input x: [1, 2, 9];
            input y: [1, 2, 9];
            both = add(x, y) { tanh };
            output both;
        }
    }
}

/// Layers in a function.
pub fn blurred(picture: &[f32]) -> Result<Vec<f32>, atrous::Error> {
    atrous::conv! { layer blur { input: [1, 1, 4], channels: 1, kernel: 3, padding: 1 } }
    Blur::new(&[1.0, 2.0, 1.0])?.infer(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// A tensor of ones for every name.
    struct Ones(HashMap<&'static str, Vec<f32>>);

    impl atrous::Tensors for Ones {
        fn get(&self, name: &str) -> Option<&[f32]> {
            HashMap::get(&self.0, name).map(Vec::as_slice)
        }
    }

    #[test]
    fn layers_compute() {
        let ones = |len: usize| vec![1.0f32; len];
        assert_eq!(blurred(&[0.0, 1.0, 0.0, 0.0]), Ok(vec![1.0, 2.0, 1.0, 0.0]));
        let wide = axes::Wide::new(&ones(35 * 33 * 3), &ones(35)).unwrap().infer(&ones(33 * 37)).unwrap();
        assert_eq!([wide[0], wide[1], wide[36]], [67.0, 100.0, 67.0]);
        let twice = transposed::Twice::new(&ones(4 * 3 * 16), &ones(3)).unwrap().infer(&ones(4 * 49)).unwrap();
        assert_eq!([twice[0], twice[1], twice[15]], [5.0, 9.0, 17.0]);
        let each = groups::Each::new(&ones(20 * 9), &ones(20)).unwrap().infer(&ones(20 * 36)).unwrap();
        assert_eq!([each[0], each[7]], [5.0, 6.0]);
        let round = borders::Round::new(&ones(36)).unwrap().infer(&ones(72)).unwrap();
        assert!(round.iter().all(|&value| value == 18.0));
        let dense = last::Dense::new(&ones(540), &ones(10)).unwrap().infer(&ones(384)).unwrap();
        assert_eq!([dense[0], dense[90]], [25.0, 55.0]);
        assert_eq!(axes::Least::new(&[2.0]).unwrap().infer(&[3.0]), Ok(vec![6.0]));
    }

    #[test]
    fn nets_compute() {
        let names = ["plain.bias", "plain.weight", "relu.weight", "relu6.weight", "leaky.weight", "sigmoid.weight"];
        let more = ["tanh.weight", "silu.weight", "gelu.weight", "hardswish.weight", "clamp.weight"];
        let ones = |name: &'static str| (name, vec![1.0; if name.ends_with("bias") { 2 } else { 4 }]);
        let tensors = Ones(names.into_iter().chain(more).map(ones).collect());
        let all = nets::All::from_tensors(&tensors).unwrap();
        let pool = atrous::Pool::new(2).unwrap();
        let [mut sum, mut product] = [[0.0; 18], [0.0; 18]];
        all.forward_on(&pool, &[-0.5; 18], &[1.0; 18], &mut sum, &mut product).unwrap();
        assert_eq!((sum[0], product[17]), (0.5 + 0.0, 0.0));
        assert_eq!(nets::Sum::new().unwrap().infer(&[1.0; 18], &[-1.0; 18]), Ok(vec![0.0; 18]));
    }
}
