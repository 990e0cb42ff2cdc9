use super::array::Array;
use super::{F32x1, F32x2, F32x4, F32x8, F32x16, Lanes};
use crate::rt::cells;
use std::cell::Cell;

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

/// Calls `check!(FROM, TO)` for parts at the start, at the end, and in between.
macro_rules! for_parts {
    (2, $check:ident) => {
        $check!(0, 1);
        $check!(1, 2);
    };
    ($lanes:literal, $check:ident) => {
        $check!(0, 1);
        $check!(0, { $lanes - 1 });
        $check!(1, 2);
        $check!(1, $lanes);
        $check!(1, { $lanes / 2 });
        $check!({ $lanes / 2 - 1 }, { $lanes / 2 + 1 });
        $check!({ $lanes / 2 }, $lanes);
        $check!({ $lanes - 1 }, $lanes);
    };
}
pub(in crate::rt) use for_parts;

/// What a part of a table looks like in a vector, and a vector's part in memory that is full of `-1`.
pub fn expected_parts<const N: usize>(
    table: &[f32],
    [from, to]: [usize; 2],
    at: usize,
    stride: isize,
) -> ([u32; N], Vec<f32>) {
    let position = |lane: usize| (at as isize + stride * (lane as isize - from as isize)) as usize;
    let loaded: [f32; N] =
        std::array::from_fn(|lane| if (from..to).contains(&lane) { table[position(lane)] } else { 0.0 });
    let mut stored = vec![-1.0; table.len()];
    (from..to).for_each(|lane| stored[position(lane)] = loaded[lane]);
    (loaded.map(f32::to_bits), stored)
}

/// Patterns of lanes: both vectors as they are, woven, unwoven, reversed, one lane in all, and one without order.
pub fn patterns<const N: usize>() -> Vec<[i32; N]> {
    let pattern = |lane: fn(usize) -> usize| std::array::from_fn(|index| lane(index) % (2 * N));
    let mut patterns =
        [|lane| lane, |lane| 7 * lane + 3, |lane| 2 * lane, |lane| 2 * lane + 1, |_| 2 * N - 1].map(pattern).to_vec();
    for start in [0, N / 2] {
        patterns.push(std::array::from_fn(|lane| start + lane / 2 + lane % 2 * N));
    }
    patterns.push(std::array::from_fn(|lane| N + lane));
    patterns.push(std::array::from_fn(|lane| 2 * N - 1 - lane));
    patterns.into_iter().map(|pattern: [usize; N]| pattern.map(|lane| lane as i32)).collect()
}

#[test]
fn parts_touch_no_other_lanes() {
    macro_rules! check {
        ($vector:ident, $lanes:tt) => {{
            let table: Vec<f32> = (1..=3 * $lanes as u16).map(f32::from).collect();
            macro_rules! check_part {
                ($from:tt, $to:tt) => {
                    // The lanes beside the part would be outside of the slice.
                    for at in [0, table.len() - ($to - $from)] {
                        let (loaded, stored) = expected_parts::<$lanes>(&table, [$from, $to], at, 1);
                        let vector = $vector::load_part::<$from, $to>(&table, at);
                        assert_eq!(lanes::<_, $lanes>(vector), loaded);
                        let mut back = vec![-1.0; 3 * $lanes];
                        vector.store_part::<$from, $to>(cells::<{ 3 * $lanes }>(&mut back, 0), at);
                        assert_eq!(back, stored);
                    }
                    for (at, stride) in [(0, 3), (table.len() - 1, -2)] {
                        let (loaded, stored) = expected_parts::<$lanes>(&table, [$from, $to], at, stride);
                        let vector = $vector::load_part_strided::<$from, $to>(&table, at, stride);
                        assert_eq!(lanes::<_, $lanes>(vector), loaded);
                        let mut back = vec![-1.0; 3 * $lanes];
                        vector.store_part_strided::<$from, $to>(cells::<{ 3 * $lanes }>(&mut back, 0), at, stride);
                        assert_eq!(back, stored);
                    }
                    let [left, right, addend] = [0, $lanes, 2 * $lanes].map(|at| $vector::load(&table, at));
                    let everywhere = lanes::<_, $lanes>(left.multiply_add(right, addend));
                    let elsewhere = lanes::<_, $lanes>(addend);
                    let inside = |lane: &usize| ($from..$to).contains(lane);
                    let expected: [u32; $lanes] =
                        std::array::from_fn(|lane| if inside(&lane) { everywhere[lane] } else { elsewhere[lane] });
                    for sum in [
                        left.multiply_add_part::<$from, $to>(right, addend),
                        left.fused_multiply_add_part::<$from, $to>(right, addend),
                    ] {
                        assert_eq!(lanes::<_, $lanes>(sum), expected);
                    }
                };
            }
            for_parts!($lanes, check_part);
        }};
    }
    check!(F32x2, 2);
    check!(F32x4, 4);
    check!(F32x8, 8);
    check!(F32x16, 16);
}

#[test]
fn shuffles_take_lanes_of_both_vectors() {
    fn check<V: Lanes, const N: usize>() {
        let table: Vec<f32> = (0..2 * N as u16).map(f32::from).collect();
        for pattern in patterns::<N>() {
            let vector = V::load(&table, 0).shuffle(V::load(&table, N), pattern);
            assert_eq!(lanes::<V, N>(vector), pattern.map(|lane| table[lane as usize].to_bits()));
        }
    }
    check::<F32x1, 1>();
    check::<F32x2, 2>();
    check::<F32x4, 4>();
    check::<F32x8, 8>();
    check::<F32x16, 16>();
}
