use super::*;

#[test]
fn limits_have_units() {
    let cases = [
        ("0", Some(0)),
        ("4096", Some(4096)),
        ("4096B", Some(4096)),
        ("1KiB", Some(1 << 10)),
        ("500 MiB", Some(500 << 20)),
        ("8GiB", Some(8 << 30)),
        ("2T", Some(2 << 40)),
        ("16777215TiB", Some(16777215 << 40)),
        ("16777216TiB", None),
        ("", None),
        ("GiB", None),
        ("-1", None),
        ("1.5GiB", None),
    ];
    for (text, bytes) in cases {
        assert_eq!(text.parse::<Limit>().ok().map(|limit| limit.bytes), bytes, "{text}");
    }
}

#[test]
fn sums_saturate() {
    assert_eq!(bytes_of([&[2, 3][..], &[4]], 4), 40);
    assert_eq!(bytes_of([&[usize::MAX, 3][..], &[4]], 4), u64::MAX);
}

#[test]
fn the_suggested_limit_is_enough() {
    for bytes in [1, 1023, 1025, (3 << 20) + 1, u64::MAX - (1 << 41)] {
        let limit: Limit = next_unit(bytes).expect("it exists").parse().expect("a limit");
        assert!(limit.check("it", bytes).is_ok(), "{bytes}");
    }
    assert_eq!(next_unit(u64::MAX), None);
}

#[test]
fn sizes_print_with_a_unit() {
    assert_eq!(human(0), "0 B");
    assert_eq!(human(1023), "1023 B");
    assert_eq!(human(1536), "1.5 KiB");
    assert_eq!(human(8 << 30), "8.0 GiB");
}
