//! Files that are no weights, or not those of the net.

use super::*;

/// A safetensors file with this header.
fn file(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
}

/// A header of one tensor, which the net reads, beside its weight.
fn bias(fields: &str) -> String {
    let weight = r#""double.weight":{"dtype":"F32","shape":[2,1,1],"data_offsets":[0,8]}"#;
    format!(r#"{{{weight},"double.bias":{{{fields}}}}}"#)
}

#[test]
fn weights() {
    let good = file(&bias(r#""dtype":"F32","shape":[2],"data_offsets":[8,16]"#), 16);
    let sandbox = sandbox()
        .file("good.st", &good)
        .file("seven_bytes.st", &good[..7])
        .file("cut_in_header.st", &good[..20])
        .file("cut_in_data.st", &good[..good.len() - 1])
        .file("more_bytes.st", [&good[..], b"!"].concat())
        .file("header_of_2_to_64.st", [&[0xff; 8][..], &good[8..]].concat())
        .file("header_of_200_megabytes.st", [&200_000_000_u64.to_le_bytes()[..], &good[8..]].concat())
        .file("no_json.st", file("{\"double.bias\":", 0))
        .file("no_utf8.st", [&2_u64.to_le_bytes()[..], b"\xff\xff"].concat())
        .file("list.st", file("[1, 2]", 0))
        .file("nested.st", file(&"[".repeat(10_000), 0))
        .file("no_tensors.st", file("{}", 0))
        .file(
            "names_twice.st",
            file(&bias(r#""dtype":"F32","shape":[2],"data_offsets":[8,16]"#).replace("bias", "weight"), 16),
        )
        .file("no_fields.st", file(&bias(""), 8))
        .file("no_offsets.st", file(&bias(r#""dtype":"F32","shape":[2]"#), 16))
        .file("shape_is_text.st", file(&bias(r#""dtype":"F32","shape":"[2]","data_offsets":[8,16]"#), 16))
        .file("negative_shape.st", file(&bias(r#""dtype":"F32","shape":[-2],"data_offsets":[8,16]"#), 16))
        .file("fraction.st", file(&bias(r#""dtype":"F32","shape":[2.5],"data_offsets":[8,16]"#), 16))
        .file("unknown_type.st", file(&bias(r#""dtype":"F128","shape":[2],"data_offsets":[8,40]"#), 40))
        .file("i64.st", file(&bias(r#""dtype":"I64","shape":[2],"data_offsets":[8,24]"#), 24))
        .file("bool.st", file(&bias(r#""dtype":"BOOL","shape":[2],"data_offsets":[8,10]"#), 10))
        .file("f8.st", file(&bias(r#""dtype":"F8_E4M3","shape":[2],"data_offsets":[8,10]"#), 10))
        .file("complex.st", file(&bias(r#""dtype":"C64","shape":[2],"data_offsets":[8,24]"#), 24))
        .file("offsets_reversed.st", file(&bias(r#""dtype":"F32","shape":[2],"data_offsets":[16,8]"#), 16))
        .file("offsets_overlap.st", file(&bias(r#""dtype":"F32","shape":[2],"data_offsets":[4,12]"#), 12))
        .file("offsets_leave_a_gap.st", file(&bias(r#""dtype":"F32","shape":[2],"data_offsets":[12,20]"#), 20))
        .file("offsets_past_the_end.st", file(&bias(r#""dtype":"F32","shape":[200],"data_offsets":[8,808]"#), 16))
        .file("shape_and_offsets_differ.st", file(&bias(r#""dtype":"F32","shape":[3],"data_offsets":[8,16]"#), 16))
        .file(
            "shape_overflows.st",
            file(&bias(r#""dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[8,16]"#), 16),
        )
        .file(
            "shape_overflows_128_bits.st",
            file(&bias(&format!(r#""dtype":"F32","shape":{:?},"data_offsets":[8,16]"#, [u64::MAX; 3])), 16),
        )
        .file("scalar.st", file(&bias(r#""dtype":"F32","shape":[],"data_offsets":[8,12]"#), 12))
        .file("nothing_in_it.st", file(&bias(r#""dtype":"F32","shape":[0],"data_offsets":[8,8]"#), 8))
        .file("zip.pt", b"PK\x03\x04archive/data.pkl")
        .file("pickle.pt", b"\x80\x02}q\x00.")
        .file("keras.h5", b"\x89HDF\r\n\x1a\n")
        .weights("other_names.st", &[("conv.weight", &[2, 1, 1], &[1.0, 1.0])])
        .weights("turned.st", &[("double.weight", &[1, 2, 1], &[1.0, 1.0]), ("double.bias", &[1], &[1.0])])
        .weights("no_bias.st", &[("double.weight", &[2, 1, 1], &[1.0, 1.0])]);
    let files = [
        "missing.st",
        "directory",
        "text.txt/weights.st",
        #[cfg(unix)]
        "/dev/zero",
        "empty",
        "text.txt",
        "double.conv",
        "x.npy",
        "seven_bytes.st",
        "cut_in_header.st",
        "cut_in_data.st",
        "more_bytes.st",
        "header_of_2_to_64.st",
        "header_of_200_megabytes.st",
        "no_json.st",
        "no_utf8.st",
        "list.st",
        "nested.st",
        "no_tensors.st",
        "names_twice.st",
        "no_fields.st",
        "no_offsets.st",
        "shape_is_text.st",
        "negative_shape.st",
        "fraction.st",
        "unknown_type.st",
        "i64.st",
        "bool.st",
        "f8.st",
        "complex.st",
        "offsets_reversed.st",
        "offsets_overlap.st",
        "offsets_leave_a_gap.st",
        "offsets_past_the_end.st",
        "shape_and_offsets_differ.st",
        "shape_overflows.st",
        "shape_overflows_128_bits.st",
        "scalar.st",
        "nothing_in_it.st",
        "zip.pt",
        "pickle.pt",
        "keras.h5",
        "other_names.st",
        "turned.st",
        "no_bias.st",
    ];
    let command_lines: Vec<String> =
        files.iter().map(|file| format!("run double.conv --input x.npy --weights {file} -o y.npy")).collect();
    let told = told(&sandbox, &command_lines.iter().map(String::as_str).collect::<Vec<_>>());
    insta::assert_snapshot!(told);
    outcome(&sandbox, "run double.conv --input x.npy --weights good.st").ok();
}
