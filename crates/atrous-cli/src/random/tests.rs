use super::*;

#[test]
fn the_generator_is_splitmix64() {
    // The first outputs for the seed 1234567 as published with the reference implementation in C.
    let mut random = Random { state: 1234567 };
    assert_eq!([random.bits(), random.bits()], [6457827717110365317, 3203168211198807973]);
}

#[test]
fn numbers_lie_in_the_unit_interval_and_fill_it() {
    let numbers = Random::new(1, 0).tensor(10_000, 1.0);
    assert!(numbers.iter().all(|x| (-1.0..1.0).contains(x)));
    let mean = numbers.iter().sum::<f32>() / numbers.len() as f32;
    assert!(mean.abs() < 0.03, "{mean}");
    for tenth in 0..10 {
        let low = tenth as f32 / 5.0 - 1.0;
        let inside = numbers.iter().filter(|&&x| x >= low && x < low + 0.2).count();
        assert!((850..1150).contains(&inside), "{low}: {inside}");
    }
}

#[test]
fn streams_and_seeds_differ() {
    let start = |seed, stream| Random::new(seed, stream).tensor(4, 1.0);
    assert_eq!(start(1, 0), start(1, 0));
    assert_ne!(start(1, 0), start(1, 1));
    assert_ne!(start(1, 0), start(2, 0));
}
