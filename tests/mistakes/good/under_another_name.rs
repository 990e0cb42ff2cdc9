//! The crate under another name, where `atrous` is something else.

extern crate atrous as layers;
extern crate self as atrous;

layers::conv! { layer double { input: [1, 1, 2], channels: 1, kernel: 1 } }

fn main() {
    assert_eq!(Double::new(&[2.0]).unwrap().infer(&[1.0, 2.0]).unwrap(), [2.0, 4.0]);
}
