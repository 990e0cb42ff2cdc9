//! The names and numbers may be arguments of another macro.
#![deny(warnings)]

macro_rules! neighbours {
    ($name:ident, $start:literal, $end:literal, $least:literal) => {
        atrous::conv! {
            layer $name {
                input: [1, 1, 4],
                channels: 1,
                kernel: 2,
                padding: [[$start, $end]],
                clamp($least, 5),
            }
        }
    };
}

neighbours!(left, 1, 0, -0.5);
neighbours!(right, 0, 1, -10);
neighbours!(inside, -1, 0, -10);

fn main() {
    let numbers = [-1.0, -2.0, 3.0, 4.0];
    assert_eq!(Left::new(&[1.0, 1.0]).unwrap().infer(&numbers).unwrap(), [-0.5, -0.5, 1.0, 5.0]);
    assert_eq!(Right::new(&[1.0, 1.0]).unwrap().infer(&numbers).unwrap(), [-3.0, 1.0, 5.0, 4.0]);
    assert_eq!(Inside::new(&[1.0, 1.0]).unwrap().infer(&numbers).unwrap(), [1.0, 5.0]);
}
