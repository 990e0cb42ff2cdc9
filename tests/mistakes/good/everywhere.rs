//! At module level, in a module, in a function, and several times in one crate.
#![deny(warnings)]

atrous::conv! {
    // A comment, and a layer that doubles.
    layer double { input: [1, 1, 3], channels: 1, kernel: 1 }
}

mod inner {
    atrous::conv! { layer double { input: [1, 1, 2], channels: 1, kernel: 1 } }
}

fn triple(values: &[f32]) -> Vec<f32> {
    atrous::conv! { layer triple { input: [1, 1, 2], channels: 1, kernel: 1 } }
    Triple::new(&[3.0]).unwrap().infer(values).unwrap()
}

fn main() {
    assert_eq!(Double::new(&[2.0]).unwrap().infer(&[1.0, 2.0, 3.0]).unwrap(), [2.0, 4.0, 6.0]);
    assert_eq!(inner::Double::new(&[2.0]).unwrap().infer(&[1.0, 2.0]).unwrap(), [2.0, 4.0]);
    assert_eq!(triple(&[1.0, 2.0]), [3.0, 6.0]);
}
