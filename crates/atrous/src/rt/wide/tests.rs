//! Every operation of every vector gives the bits of the definition's.

use super::{avx2, avx512};
use crate::rt::lanes::tests::{VALUES, expected_parts, for_parts, lanes, patterns};
use crate::rt::lanes::{Array, Lanes};
use crate::rt::{InstructionSet, cells, instruction_set};

/// A position below the number of lanes, which may be 1.
fn wrapped(position: usize, lanes: usize) -> usize {
    position % lanes
}

macro_rules! check {
    ($name:ident, $module:ident::$vector:ident, $lanes:literal, $features:literal, $proof:pat) => {
        #[test]
        fn $name() {
            let Ok($proof) = instruction_set(&["portable", "avx2", "avx512"]) else { return };
            #[target_feature(enable = $features)]
            fn check() {
                let table: Vec<f32> = (0..4 * $lanes).map(|index| VALUES[index % VALUES.len()]).collect();
                let at = |start| ($module::$vector::load(&table, start), Array::<$lanes>::load(&table, start));
                for start in 0..VALUES.len() {
                    let (a, plain_a) = at(wrapped(start, $lanes));
                    for (other, value) in VALUES.into_iter().enumerate() {
                        let (b, plain_b) = ($module::$vector::splat(value), Array::<$lanes>::splat(value));
                        let (c, plain_c) = at(wrapped(other, $lanes));
                        let same = |op: &str, vector: $module::$vector, plain: Array<$lanes>| {
                            let mut out = [0.0; $lanes];
                            vector.store(cells::<$lanes>(&mut out, 0), 0);
                            let found = lanes::<_, $lanes>(Array(out));
                            assert_eq!(found, lanes::<_, $lanes>(plain), "{op} from {start} with {value}");
                        };
                        same("add", a.add(b), plain_a.add(plain_b));
                        same("sub", a.sub(b), plain_a.sub(plain_b));
                        same("mul", a.mul(b), plain_a.mul(plain_b));
                        same("div", a.div(b), plain_a.div(plain_b));
                        same("min", a.min(b), plain_a.min(plain_b));
                        same("max", a.max(b), plain_a.max(plain_b));
                        same("multiply_add", a.multiply_add(b, c), plain_a.multiply_add(plain_b, plain_c));
                        same("fused", a.fused_multiply_add(b, c), plain_a.fused_multiply_add(plain_b, plain_c));
                        let plain = plain_a.fused_multiply_add_load::<3>(&table, plain_c);
                        same("fused load", a.fused_multiply_add_load::<3>(&table, c), plain);
                        same("select_less", a.select_less(b, c, a), plain_a.select_less(plain_b, plain_c, plain_a));
                        same("shift_left", a.shift_left(23), plain_a.shift_left(23));
                    }
                }
                for (at, stride) in
                    [(0, 1), (1, 2), (0, 2), (3 * $lanes - 1, -3), (wrapped(5, $lanes), 0), ($lanes, -1)]
                {
                    let vector = $module::$vector::load_strided(&table, at, stride);
                    let plain = Array::<$lanes>::load_strided(&table, at, stride);
                    let (mut stored, mut expected) = ([-1.0; 3 * $lanes], [-1.0; 3 * $lanes]);
                    vector.store_strided(cells::<{ 3 * $lanes }>(&mut stored, 0), at, stride);
                    plain.store_strided(cells::<{ 3 * $lanes }>(&mut expected, 0), at, stride);
                    assert_eq!(stored.map(f32::to_bits), expected.map(f32::to_bits), "stride {stride}");
                }
            }
            // SAFETY: the pattern holds the proof of the features.
            unsafe { check() }
        }
    };
}

check!(avx2_1, avx2::F32x1, 1, "avx2,fma", InstructionSet::Avx2(_) | InstructionSet::Avx512(_));
check!(avx2_2, avx2::F32x2, 2, "avx2,fma", InstructionSet::Avx2(_) | InstructionSet::Avx512(_));
check!(avx2_4, avx2::F32x4, 4, "avx2,fma", InstructionSet::Avx2(_) | InstructionSet::Avx512(_));
check!(avx2_8, avx2::F32x8, 8, "avx2,fma", InstructionSet::Avx2(_) | InstructionSet::Avx512(_));
check!(avx512_1, avx512::F32x1, 1, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", InstructionSet::Avx512(_));
check!(avx512_2, avx512::F32x2, 2, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", InstructionSet::Avx512(_));
check!(avx512_4, avx512::F32x4, 4, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", InstructionSet::Avx512(_));
check!(avx512_8, avx512::F32x8, 8, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", InstructionSet::Avx512(_));
check!(avx512_16, avx512::F32x16, 16, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", InstructionSet::Avx512(_));

macro_rules! check_lanes {
    ($name:ident, $module:ident::$vector:ident, $lanes:tt, $features:literal, $proof:pat) => {
        /// Parts touch no other lanes, and shuffles take lanes of both vectors.
        #[test]
        fn $name() {
            let Ok($proof) = instruction_set(&["portable", "avx2", "avx512"]) else { return };
            #[target_feature(enable = $features)]
            fn check() {
                let table: Vec<f32> = (1..=3 * $lanes as u16).map(f32::from).collect();
                let bits = |vector: $module::$vector| {
                    let mut out = [0.0; $lanes];
                    vector.store(cells::<$lanes>(&mut out, 0), 0);
                    out.map(f32::to_bits)
                };
                macro_rules! check_part {
                    ($from:tt, $to:tt) => {
                        // The lanes beside the part would be outside of the slice.
                        for at in [0, table.len() - ($to - $from)] {
                            let (loaded, stored) = expected_parts::<$lanes>(&table, [$from, $to], at, 1);
                            let vector = $module::$vector::load_part::<$from, $to>(&table, at);
                            assert_eq!(bits(vector), loaded);
                            let mut back = vec![-1.0; 3 * $lanes];
                            vector.store_part::<$from, $to>(cells::<{ 3 * $lanes }>(&mut back, 0), at);
                            assert_eq!(back, stored);
                        }
                        let last = table.len() - 1;
                        for (at, stride) in [(0, 3), (last, -2), (0, 2), (last - 2 * ($to - $from - 1), 2)] {
                            let (loaded, stored) = expected_parts::<$lanes>(&table, [$from, $to], at, stride);
                            let vector = $module::$vector::load_part_strided::<$from, $to>(&table, at, stride);
                            assert_eq!(bits(vector), loaded);
                            let mut back = vec![-1.0; 3 * $lanes];
                            vector.store_part_strided::<$from, $to>(cells::<{ 3 * $lanes }>(&mut back, 0), at, stride);
                            assert_eq!(back, stored);
                        }
                        let vectors = [0, $lanes, 2 * $lanes];
                        let [a, b, c] = vectors.map(|at| $module::$vector::load(&table, at));
                        let [plain_a, plain_b, plain_c] = vectors.map(|at| Array::<$lanes>::load(&table, at));
                        let plain = plain_a.fused_multiply_add_part::<$from, $to>(plain_b, plain_c);
                        assert_eq!(bits(a.fused_multiply_add_part::<$from, $to>(b, c)), lanes::<_, $lanes>(plain));
                        let plain = plain_a.multiply_add_part::<$from, $to>(plain_b, plain_c);
                        assert_eq!(bits(a.multiply_add_part::<$from, $to>(b, c)), lanes::<_, $lanes>(plain));
                    };
                }
                for_parts!($lanes, check_part);
                for at in 0..table.len() {
                    assert_eq!(bits($module::$vector::broadcast(&table, at)), [table[at].to_bits(); $lanes]);
                }
                for pattern in patterns::<$lanes>() {
                    let [left, right] = [0, $lanes].map(|at| $module::$vector::load(&table, at));
                    assert_eq!(bits(left.shuffle(right, pattern)), pattern.map(|lane| table[lane as usize].to_bits()));
                }
            }
            // SAFETY: the pattern holds the proof of the features.
            unsafe { check() }
        }
    };
}

check_lanes!(lanes_of_avx2_2, avx2::F32x2, 2, "avx2,fma", InstructionSet::Avx2(_) | InstructionSet::Avx512(_));
check_lanes!(lanes_of_avx2_4, avx2::F32x4, 4, "avx2,fma", InstructionSet::Avx2(_) | InstructionSet::Avx512(_));
check_lanes!(lanes_of_avx2_8, avx2::F32x8, 8, "avx2,fma", InstructionSet::Avx2(_) | InstructionSet::Avx512(_));
check_lanes!(
    lanes_of_avx512_2,
    avx512::F32x2,
    2,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    InstructionSet::Avx512(_)
);
check_lanes!(
    lanes_of_avx512_4,
    avx512::F32x4,
    4,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    InstructionSet::Avx512(_)
);
check_lanes!(
    lanes_of_avx512_8,
    avx512::F32x8,
    8,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    InstructionSet::Avx512(_)
);
check_lanes!(
    lanes_of_avx512_16,
    avx512::F32x16,
    16,
    "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    InstructionSet::Avx512(_)
);
