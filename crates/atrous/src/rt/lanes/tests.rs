use super::array::Array;
use std::cell::Cell;

use super::{F32x4, F32x8, F32x16, Lanes};

pub const VALUES: [f32; 17] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    1e-40,
    -1e-40,
    3.0e38,
    0.1,
    -0.3,
    16777217.0,
    1.0000001,
    f32::from_bits(127),
    f32::from_bits(254),
    6.0,
];

/// The numbers of a vector, NaN as one value.
pub fn lanes<V: Lanes, const N: usize>(vector: V) -> [u32; N] {
    let mut out = [0.0; N];
    vector.store(Cell::from_mut(&mut out[..]).as_slice_of_cells(), 0);
    out.map(|value| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() })
}

/// Every operation gives the bits of the array's on every pair of special values.
fn check<V: Lanes, const N: usize>() {
    assert_eq!(V::LANES, N);
    let table: Vec<f32> = (0..4 * N).map(|index| VALUES[index % VALUES.len()]).collect();
    let at = |start: usize| (V::load(&table, start), Array::<N>::load(&table, start));
    for start in 0..VALUES.len() {
        let (a, plain_a) = at(start % N);
        for (other, value) in VALUES.into_iter().enumerate() {
            let (b, plain_b) = (V::splat(value), Array::<N>::splat(value));
            let (c, plain_c) = at(other % N);
            let same = |op: &str, vector: V, plain: Array<N>| {
                assert_eq!(lanes::<V, N>(vector), lanes::<_, N>(plain), "{op} from {start} with {value}");
            };
            same("add", a.add(b), plain_a.add(plain_b));
            same("sub", a.sub(b), plain_a.sub(plain_b));
            same("mul", a.mul(b), plain_a.mul(plain_b));
            same("div", a.div(b), plain_a.div(plain_b));
            same("min", a.min(b), plain_a.min(plain_b));
            same("max", a.max(b), plain_a.max(plain_b));
            same("multiply_add", a.multiply_add(b, c), plain_a.multiply_add(plain_b, plain_c));
            same("fused", a.fused_multiply_add(b, c), plain_a.fused_multiply_add(plain_b, plain_c));
            same("select_less", a.select_less(b, c, a), plain_a.select_less(plain_b, plain_c, plain_a));
            same("shift_left", a.shift_left(23), plain_a.shift_left(23));
        }
    }
}

#[test]
fn operations_agree_with_arrays() {
    check::<F32x4, 4>();
    check::<F32x8, 8>();
    check::<F32x16, 16>();
}

#[test]
fn min_and_max_take_the_second_operand_when_unordered_or_equal() {
    let [min, max] = [F32x4::min, F32x4::max].map(|op| {
        move |a: f32, b: f32| {
            let [first, ..] = lanes::<_, 4>(op(F32x4::splat(a), F32x4::splat(b)));
            f32::from_bits(first)
        }
    });
    assert_eq!(min(f32::NAN, 2.0), 2.0);
    assert_eq!(max(f32::NAN, 2.0), 2.0);
    assert!(min(2.0, f32::NAN).is_nan());
    assert!(max(2.0, f32::NAN).is_nan());
    assert!(max(0.0, -0.0).is_sign_negative());
    assert!(min(-0.0, 0.0).is_sign_positive());
}

#[test]
fn unfused_multiply_add_rounds_twice() {
    let almost = 1.0 + f32::EPSILON;
    let square = |fused: bool| {
        let (a, c) = (F32x4::splat(almost), F32x4::splat(-(almost * almost)));
        let sum = if fused { a.fused_multiply_add(a, c) } else { a.multiply_add(a, c) };
        f32::from_bits(lanes::<_, 4>(sum)[0])
    };
    assert_eq!(square(false), 0.0);
    assert_eq!(square(true), f32::EPSILON * f32::EPSILON);
}

/// Strided accesses in both directions and through both halves of a pair.
#[test]
fn strided_accesses() {
    fn check<V: Lanes, const N: usize>() {
        let table: Vec<f32> = (0..3 * N as u16).map(f32::from).collect();
        for (at, stride) in [(0, 1), (1, 2), (3 * N - 1, -3), (5, 0), (N, -1)] {
            let vector = V::load_strided(&table, at, stride);
            let expected: [f32; N] = std::array::from_fn(|lane| (at as isize + stride * lane as isize) as f32);
            assert_eq!(lanes::<V, N>(vector), expected.map(f32::to_bits), "stride {stride}");
            let mut back = vec![-1.0; 3 * N];
            vector.store_strided(Cell::from_mut(&mut back[..]).as_slice_of_cells(), at, stride);
            assert!(expected.iter().all(|&value| back[value as usize] == value), "stride {stride}");
        }
    }
    check::<F32x4, 4>();
    check::<F32x8, 8>();
    check::<F32x16, 16>();
}
