use super::*;

/// An npy file of format 1.0.
fn file(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    with_header(&header, data)
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

fn tensor(bytes: &[u8]) -> Tensor {
    parse(bytes).expect("an array").tensor()
}

fn error(bytes: &[u8]) -> String {
    let failure = parse(bytes).expect_err("not an array");
    let [message] = &failure.messages[..] else { panic!("one message: {failure:?}") };
    message.text.clone()
}

#[test]
fn every_float_type_in_both_byte_orders() {
    let values = [1.5f32, -0.25, 65504.0, 0.0];
    let half = |value: f32| half::f16::from_f32(value);
    let cases: [(&str, Vec<u8>); 6] = [
        ("<f2", values.iter().flat_map(|&value| half(value).to_le_bytes()).collect()),
        (">f2", values.iter().flat_map(|&value| half(value).to_be_bytes()).collect()),
        ("<f4", values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        (">f4", values.iter().flat_map(|value| value.to_be_bytes()).collect()),
        ("<f8", values.iter().flat_map(|&value| f64::from(value).to_le_bytes()).collect()),
        (">f8", values.iter().flat_map(|&value| f64::from(value).to_be_bytes()).collect()),
    ];
    for (descr, data) in cases {
        assert_eq!(tensor(&file(descr, false, "(2, 2)", &data)).data, values, "{descr}");
    }
}

#[test]
fn fortran_order_is_turned() {
    // The array counts up in row-major order; the file holds its first dimension innermost.
    let shape = [2, 3, 4];
    let at = |i: usize, j: usize, k: usize| ((i * 3 + j) * 4 + k) as f32;
    let mut stored = Vec::new();
    for k in 0..4 {
        for j in 0..3 {
            for i in 0..2 {
                stored.extend(at(i, j, k).to_le_bytes());
            }
        }
    }
    let read = tensor(&file("<f4", true, "(2, 3, 4)", &stored));
    assert_eq!(read.shape, shape);
    assert_eq!(read.data, (0..24).map(|n| n as f32).collect::<Vec<_>>());
}

#[test]
fn what_is_written_is_read_back() {
    for shape in [vec![], vec![3], vec![1, 2, 3], vec![2, 0]] {
        let len = shape.iter().product();
        let before = Tensor { shape, data: (0..len).map(|n| n as f32 - 1.5).collect() };
        assert_eq!(tensor(&encode(&before)), before);
    }
}

#[test]
fn broken_files_are_explained() {
    let good = file("<f4", false, "(2,)", &[0; 8]);
    let cases = [
        ("empty", vec![]),
        ("text", b"1.0, 2.0".to_vec()),
        ("zip", b"PK\x03\x04".to_vec()),
        ("only magic", good[..6].to_vec()),
        ("cut in the header", good[..20].to_vec()),
        ("cut in the data", good[..good.len() - 1].to_vec()),
        ("trailing bytes", [&good[..], b"!"].concat()),
        ("integers", file("<i4", false, "(2,)", &[0; 8])),
        ("complex", file("<c8", false, "(2,)", &[0; 16])),
        ("long double", file("<f16", false, "(2,)", &[0; 32])),
        ("objects", file("|O", false, "(2,)", &[0; 8])),
        ("fields", with_header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", &[0; 8])),
        ("no dictionary", with_header("(1, 2)", &[])),
        ("no shape", with_header("{'descr': '<f4', 'fortran_order': False, }", &[])),
        ("negative size", file("<f4", false, "(-2,)", &[])),
        ("overflowing size", file("<f4", false, "(18446744073709551615, 2)", &[])),
        ("very large", file("<f4", false, "(9999999999, 9999999)", &[])),
        ("deep nesting", with_header(&"(".repeat(9_000), &[])),
        ("unknown version", [&b"\x93NUMPY\x09\x00\x00\x00\x00\x00"[..], &[0; 8]].concat()),
        ("endless header", b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec()),
    ];
    let errors: String = cases.iter().map(|(name, bytes)| format!("{name}: {}\n", error(bytes))).collect();
    insta::assert_snapshot!(errors);
}

#[test]
fn no_prefix_or_flipped_byte_panics() {
    let good = file("<f4", true, "(2, 3)", &[1; 24]);
    for at in 0..good.len() {
        let _ = parse(&good[..at]);
        for byte in [0, b'(', b'9', b'\'', 0xff] {
            let mut bad = good.clone();
            bad[at] = byte;
            let _ = parse(&bad).map(|array| array.tensor());
        }
    }
}
