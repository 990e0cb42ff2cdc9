use safetensors::tensor::TensorView;

use super::*;

fn parameter(name: &str, shape: &[usize]) -> Parameter {
    Parameter { layer: "a".into(), name: name.into(), shape: shape.to_vec() }
}

fn file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (*name, TensorView::new(*dtype, shape.to_vec(), data).expect("data fit the shape"))
    });
    safetensors::serialize(views, None).expect("tensors serialize")
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn every_float_type_is_read() {
    let values = [1.5f32, -0.25];
    let cases: [(Dtype, Vec<u8>); 4] = [
        (Dtype::F16, values.iter().flat_map(|&value| half::f16::from_f32(value).to_le_bytes()).collect()),
        (Dtype::BF16, values.iter().flat_map(|&value| half::bf16::from_f32(value).to_le_bytes()).collect()),
        (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        (Dtype::F64, values.iter().flat_map(|&value| f64::from(value).to_le_bytes()).collect()),
    ];
    for (dtype, data) in cases {
        let file = file(&[("a.bias", dtype, &[2], data)]);
        let (tensors, warnings) = parse(&file, &[parameter("a.bias", &[2])]).expect("the tensor is there");
        assert_eq!((tensors, warnings), (vec![values.to_vec()], vec![]), "{dtype}");
    }
}

#[test]
fn tensors_come_in_the_order_of_the_parameters_and_others_give_a_warning() {
    let one = |value: f32| value.to_le_bytes().to_vec();
    let file = file(&[
        ("x", Dtype::F32, &[1], one(3.0)),
        ("a.weight", Dtype::F32, &[1], one(1.0)),
        ("a.bias", Dtype::F32, &[1], one(2.0)),
    ]);
    let (tensors, warnings) =
        parse(&file, &[parameter("a.bias", &[1]), parameter("a.weight", &[1])]).expect("the tensors are there");
    assert_eq!(tensors, [[2.0], [1.0]]);
    assert_eq!(warnings, [Message::new(Level::Warning, "nothing reads tensor `x` of the file")]);
}

#[test]
fn all_errors_come_together() {
    let file = file(&[
        ("a.weight", Dtype::F32, &[2, 1], vec![0; 8]),
        ("a.bias", Dtype::I8, &[2], vec![0; 2]),
        ("c.weight", Dtype::I8, &[2], vec![0; 2]),
    ]);
    let parameters = [parameter("a.weight", &[1, 2]), parameter("a.bias", &[2]), parameter("b.weight", &[4, 4, 3, 3])];
    let failure = parse(&file, &parameters).expect_err("nothing fits");
    let lines = failure.messages.iter().map(|message| format!("{}\n  {:?}\n", message.text, message.help));
    insta::assert_snapshot!(lines.collect::<String>());
}

#[test]
fn broken_files_are_explained() {
    let good = file(&[("a.bias", Dtype::F32, &[2], vec![0; 8])]);
    let tensor = |offsets: &str, shape: &str| {
        format!("{{\"a.bias\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}")
    };
    let cases = [
        ("empty", vec![]),
        ("text", b"hello, world".to_vec()),
        ("cut in the header", good[..20].to_vec()),
        ("cut in the data", good[..good.len() - 1].to_vec()),
        ("trailing bytes", [&good[..], b"!"].concat()),
        ("not JSON", with_header("{\"a\":", &[])),
        ("not UTF-8", [&2u64.to_le_bytes()[..], b"\xff\xff"].concat()),
        ("another type", with_header("{\"a\":{\"dtype\":\"F8\",\"shape\":[],\"data_offsets\":[0,1]}}", &[0])),
        ("offsets reversed", with_header(&tensor("[8,0]", "[2]"), &[0; 8])),
        ("offsets behind the end", with_header(&tensor("[0,80]", "[20]"), &[0; 8])),
        ("shape and offsets differ", with_header(&tensor("[0,8]", "[3]"), &[0; 8])),
        ("overflowing shape", with_header(&tensor("[0,8]", "[18446744073709551615,18446744073709551615]"), &[0; 8])),
        ("endless header", vec![0xff; 64]),
    ];
    let errors = cases.iter().map(|(name, bytes)| {
        let failure = parse(bytes, &[parameter("a.bias", &[2])]).expect_err(name);
        format!("{name}: {}\n", failure.messages[0].text)
    });
    insta::assert_snapshot!(errors.collect::<String>());
}

#[test]
fn no_prefix_or_changed_byte_panics() {
    let good = file(&[("a.weight", Dtype::F16, &[2, 3], vec![1; 12]), ("a.bias", Dtype::F64, &[1], vec![1; 8])]);
    let parameters = [parameter("a.weight", &[2, 3]), parameter("a.bias", &[1])];
    assert!(parse(&good, &parameters).is_ok());
    for at in 0..good.len() {
        assert!(parse(&good[..at], &parameters).is_err(), "{at}");
        for byte in [0, b'9', b'"', b'[', 0xff] {
            let mut bad = good.clone();
            bad[at] = byte;
            let _ = parse(&bad, &parameters);
        }
    }
}
