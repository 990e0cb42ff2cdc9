//! Files that are no arrays, or not those of the net.

use super::*;

/// An npy file of format 1.0.
fn file(descr: &str, shape: &str, data: usize) -> Vec<u8> {
    with_header(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"), data)
}

fn with_header(header: &str, data: usize) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &vec![0; data]].concat()
}

#[test]
fn arrays() {
    let good = file("'<f4'", "(1, 2, 3)", 24);
    let sandbox = sandbox()
        .file("good.npy", &good)
        .file("big_endian.npy", file("'>f8'", "(1, 2, 3)", 48))
        .file("fortran.npy", with_header("{'descr': '<f2', 'fortran_order': True, 'shape': (1, 2, 3), }", 12))
        .file("only_magic.npy", &good[..6])
        .file("cut_in_header.npy", &good[..20])
        .file("cut_in_data.npy", &good[..good.len() - 1])
        .file("more_bytes.npy", [&good[..], b"!"].concat())
        .file("integers.npy", file("'<i8'", "(1, 2, 3)", 48))
        .file("bytes.npy", file("'|u1'", "(1, 2, 3)", 6))
        .file("booleans.npy", file("'|b1'", "(1, 2, 3)", 6))
        .file("complex.npy", file("'<c8'", "(1, 2, 3)", 48))
        .file("long_double.npy", file("'<f16'", "(1, 2, 3)", 96))
        .file("objects.npy", file("'|O'", "(1, 2, 3)", 48))
        .file("text.npy", file("'<U4'", "(1, 2, 3)", 96))
        .file("fields.npy", file("[('a', '<f4')]", "(1, 2, 3)", 24))
        .file("unknown_type.npy", file("'f'", "(1, 2, 3)", 24))
        .file("no_dictionary.npy", with_header("(1, 2)", 8))
        .file("no_shape.npy", with_header("{'descr': '<f4', 'fortran_order': False, }", 0))
        .file("shape_is_number.npy", file("'<f4'", "6", 24))
        .file("shape_is_text.npy", file("'<f4'", "'(6,)'", 24))
        .file("negative_size.npy", file("'<f4'", "(-1, 2, 3)", 24))
        .file("fraction.npy", file("'<f4'", "(1.5, 2, 2)", 24))
        .file("shape_overflows.npy", file("'<f4'", "(18446744073709551615, 2)", 0))
        .file("shape_of_exabytes.npy", file("'<f4'", "(9999999999, 99999999)", 0))
        .file("nested.npy", with_header(&"(".repeat(9_000), 0))
        .file("unknown_version.npy", [&b"\x93NUMPY\x09\x00\x04\x00\x00\x00{}  "[..], &[0; 8]].concat())
        .file("header_of_4_gigabytes.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff")
        .file("no_utf8.npy", with_header("", 0).into_iter().chain([0xff; 8]).collect::<Vec<u8>>())
        .file("arrays.npz", b"PK\x03\x04x.npy")
        .array("scalar.npy", &[], &[0.0])
        .array("flat.npy", &[6], &[0.0; 6])
        .array("no_batch.npy", &[2, 3], &[0.0; 6])
        .array("short.npy", &[1, 2, 2], &[0.0; 4])
        .array("empty.npy", &[1, 2, 0], &[])
        .array("channels_last.npy", &[1, 3, 2], &[0.0; 6])
        .array("wide.npy", &[1, 2, 7], &[0.0; 14]);
    let files = [
        "missing.npy",
        "directory",
        #[cfg(unix)]
        "/dev/zero",
        "empty",
        "text.txt",
        "double.st",
        "arrays.npz",
        "only_magic.npy",
        "cut_in_header.npy",
        "cut_in_data.npy",
        "more_bytes.npy",
        "integers.npy",
        "bytes.npy",
        "booleans.npy",
        "complex.npy",
        "long_double.npy",
        "objects.npy",
        "text.npy",
        "fields.npy",
        "unknown_type.npy",
        "no_dictionary.npy",
        "no_shape.npy",
        "shape_is_number.npy",
        "shape_is_text.npy",
        "negative_size.npy",
        "fraction.npy",
        "shape_overflows.npy",
        "shape_of_exabytes.npy",
        "nested.npy",
        "unknown_version.npy",
        "header_of_4_gigabytes.npy",
        "no_utf8.npy",
        "scalar.npy",
        "flat.npy",
        "no_batch.npy",
        "short.npy",
        "empty.npy",
        "channels_last.npy",
    ];
    let of_double = files.iter().map(|file| format!("run double.conv --weights double.st -o y.npy --input {file}"));
    let of_free = ["flat.npy", "wide.npy", "scalar.npy", "empty.npy"];
    let of_free = of_free.iter().map(|file| format!("run free.conv --weights free.st -o y.npy --input {file}"));
    let command_lines: Vec<String> = of_double
        .chain(of_free)
        .chain(["run double.conv --weights double.st --layout nhwc --input x.npy".to_string()])
        .collect();
    let told = told(&sandbox, &command_lines.iter().map(String::as_str).collect::<Vec<_>>());
    insta::assert_snapshot!(told);
    for file in ["good.npy", "big_endian.npy", "fortran.npy"] {
        outcome(&sandbox, &format!("run double.conv --weights double.st --input {file}")).ok();
    }
}
